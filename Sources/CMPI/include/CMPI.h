#pragma once
int trainer_mpi_placeholder(void);

#include <mpi.h>
#include "CMPI.h"
int trainer_mpi_placeholder(void) { return MPI_SUCCESS; }

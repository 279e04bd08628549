#include <cblas.h>

// LAPACK's eigenvalues and eigenvectors of a real symmetric matrix, by divide and conquer (Netlib, dsyevd). OpenBLAS
// holds it; its header comes in a package of its own, so that the one routine is declared here.
void dsyevd_(
    const char *job, const char *triangle, const int *n, double *a, const int *lda, double *w, double *work,
    const int *lwork, int *iwork, const int *liwork, int *info);

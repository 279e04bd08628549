// jpeglib.h takes size_t and FILE from its reader.
#include <stddef.h>
#include <stdio.h>
#include <jpeglib.h>

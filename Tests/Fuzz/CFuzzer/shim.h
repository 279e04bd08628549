#include <stddef.h>
#include <stdint.h>

// libFuzzer's entry where a program has a `main` of its own (https://llvm.org/docs/LibFuzzer.html).
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*input)(const uint8_t *bytes, size_t count));

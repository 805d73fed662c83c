/* What is fuzzed, and the bytes that it is fuzzed with. */
#ifndef TARGET_H
#define TARGET_H

#include <stddef.h>
#include <stdint.h>

#define MAX_INPUT 600u /* bytes: two of the longest frames and something between */

/* Aborts where the library breaks a promise of its headers; the sanitizers abort for the rest. */
void try_input(const uint8_t *data, size_t size);

#endif

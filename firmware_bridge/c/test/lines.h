/* Messages as lines of text, for the driver. */
#ifndef LINES_H
#define LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* These read on in the line that strtok holds. */
size_t hex_field(uint8_t *out, size_t room);              /* bytes read */
size_t encode_into(uint8_t *out, size_t room);            /* KIND FIELD ...: as eb_encode_* of that kind */

void print_hex(const uint8_t *data, size_t size);         /* "-" for no bytes */
bool print_message(const uint8_t *data, size_t size);     /* KIND FIELD ...; false, printing nothing, where it is none */

#endif

/* Inside the library: numbers to and from bytes, least significant byte first whatever the machine's order is. */
#ifndef EB_BYTES_H
#define EB_BYTES_H

#include "eb_wire.h"

/* These return where the next byte goes. */

static inline uint8_t *eb_put8(uint8_t *at, uint8_t value)
{
    *at = value;
    return at + 1;
}

static inline uint8_t *eb_put_le(uint8_t *at, uint64_t value, size_t bytes)
{
    size_t k;
    for (k = 0; k < bytes; k++) {
        at[k] = (uint8_t)(value >> (8u * k) & 0xFFu);
    }
    return at + bytes;
}

static inline uint64_t eb_get_le(const uint8_t *at, size_t bytes)
{
    uint64_t value = 0;
    while (bytes-- > 0) {
        value = value << 8u | at[bytes];
    }
    return value;
}

static inline uint16_t eb_get16(const uint8_t *at)
{
    return (uint16_t)eb_get_le(at, 2);
}

static inline uint32_t eb_get32(const uint8_t *at)
{
    return (uint32_t)eb_get_le(at, 4);
}

/* A code as it travels; beyond 24 bits it is saturated. */
static inline uint32_t eb_code24(int32_t count)
{
    if (count > EB_FULL_SCALE) {
        count = EB_FULL_SCALE;
    } else if (count < EB_NO_VALUE) {
        count = -EB_FULL_SCALE; /* not EB_NO_VALUE, which is a sample that is missing */
    }
    return (uint32_t)count & 0xFFFFFFu;
}

static inline bool eb_is(uint8_t type, const uint8_t *data, size_t size)
{
    return size >= eb_min_size(type) && data[0] == type;
}

#endif

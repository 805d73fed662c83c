#include "eb_ads129x.h"

#define ALWAYS 0xC0u /* bits 23 to 20 of the status word */

static int32_t code_of(const uint8_t *at)
{
    const uint32_t code = (uint32_t)at[0] << 16u | (uint32_t)at[1] << 8u | at[2];
    const int32_t count = (int32_t)(code ^ 0x800000u) - 0x800000L;
    return count == EB_NO_VALUE ? -EB_FULL_SCALE : count;
}

bool eb_ads129x_decode(const uint8_t *frame, size_t size, size_t channels, eb_ads129x_off *off, int32_t *counts)
{
    size_t k;
    if (channels == 0 || channels > EB_ADS129X_MAX_CHANNELS || size < EB_ADS129X_STATUS_SIZE + 3u * channels ||
        (frame[0] & 0xF0u) != ALWAYS) {
        return false;
    }
    off->positive = (uint8_t)(frame[0] << 4u | frame[1] >> 4u);
    off->negative = (uint8_t)(frame[1] << 4u | frame[2] >> 4u);
    for (k = 0; k < channels; k++) {
        counts[k] = code_of(frame + EB_ADS129X_STATUS_SIZE + 3u * k);
    }
    return true;
}

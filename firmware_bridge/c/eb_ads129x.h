/* One conversion of a TI ADS1294, ADS1296 or ADS1298 (SBAS459) as it comes over SPI: a status word of 24 bits, then
 * 24 bits of each channel, most significant byte first. */
#ifndef EB_ADS129X_H
#define EB_ADS129X_H

#include "eb_wire.h"

#ifdef __cplusplus
extern "C" {
#endif

#define EB_ADS129X_MAX_CHANNELS 8u
#define EB_ADS129X_STATUS_SIZE 3u
#define EB_ADS129X_MAX_FRAME 27u /* status, eight channels */

typedef struct {
    uint8_t positive; /* LOFF_STATP: bit n is set where the positive input of channel n + 1 is off */
    uint8_t negative; /* LOFF_STATN: likewise */
} eb_ads129x_off;

/* Takes a frame of `channels` channels apart: a code for each, sign-extended and not shifted, as Samples have it; the
 * converter's lowest, which the protocol keeps for EB_NO_VALUE, becomes -EB_FULL_SCALE. Returns false and changes
 * nothing where `size` is less than such a frame, channels is not 1 to 8, or the status word does not begin with 1100:
 * the bits have slipped, so restart the SPI. */
bool eb_ads129x_decode(const uint8_t *frame, size_t size, size_t channels, eb_ads129x_off *off, int32_t *counts);

#ifdef __cplusplus
}
#endif

#endif

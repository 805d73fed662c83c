#include "ring.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eb_ring.h"
#include "lines.h"

#define PERIOD_US 2000u /* 500 samples a second */
#define ELECTRODES_EVERY 50u

static uint64_t number(void)
{
    const char *text = strtok(NULL, " \n");
    return text ? strtoull(text, NULL, 10) : 0;
}

/* Sample `at` of a count that never wraps: codes, clock and electrodes that say which one it is. */
static void put(eb_ring *ring, uint64_t at)
{
    int32_t counts[EB_MAX_CHANNELS];
    uint32_t k;
    for (k = 0; k < ring->channels; k++) {
        counts[k] = (int32_t)((at * 37u + k * 1001u) % 65536u) - 32768;
    }
    eb_ring_put(ring, (uint32_t)at, at * PERIOD_US, (uint16_t)(at / ELECTRODES_EVERY % 512u), counts);
}

/* In a room that fits, and in none that is smaller than a sample's. */
static void print_messages(const eb_ring *ring, eb_again *job, size_t step)
{
    uint8_t out[EB_MAX_MESSAGE];
    size_t size;
    while (job->left > 0) {
        eb_again kept = *job;
        if (eb_ring_again(ring, job, step, out, EB_SAMPLES_SIZE + 3u * ring->channels - 1u) != 0) {
            printf(" overrun");
        }
        *job = kept;
        size = eb_ring_again(ring, job, step, out, sizeof out);
        if (size > 0) {
            printf(" ");
            print_hex(out, size);
        }
    }
}

void answer_resend(void)
{
    const size_t channels = (size_t)number(), slots = (size_t)number();
    const uint64_t first = number(), taken = number(), unsent = number(), step = number(), skip = number();
    const size_t bytes = slots * eb_ring_bytes(channels);
    uint8_t *memory = malloc(bytes > 0 ? bytes : 1); /* exactly, for the sanitizer */
    eb_resend command;
    eb_again job;
    eb_ring ring;
    uint64_t at;
    command.token = 0;
    command.first = (uint32_t)number();
    command.count = (uint32_t)number();
    if (memory && eb_ring_init(&ring, memory, bytes, channels, (uint32_t)first)) {
        for (at = first; at < first + taken; at++) {
            if (skip == 0 || at / skip % 2u == 0) {
                put(&ring, at);
            }
        }
        printf("%u", eb_ring_resend(&ring, &command, (uint32_t)(first + unsent), &job));
        print_messages(&ring, &job, (size_t)step);
    } else {
        printf("none");
    }
    free(memory);
}

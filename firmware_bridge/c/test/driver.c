/* Lines in, lines out: the library at the end of a pipe, for tests. A machine's own stdio, not the firmware's.
 *
 *   sizes                     -> TYPE SIZE ...
 *   encode KIND FIELD ...     -> message as hex, or "short"
 *   decode HEX                -> KIND FIELD ..., or "unknown TYPE", or "malformed TYPE"
 *   frame HEX                 -> frame as hex, or "short"
 *   cobs HEX, uncobs HEX      -> hex, or "invalid"
 *   feed HEX                  -> what a new deframer says: "message HEX" and "corrupt N", in turn
 *   room HEX                  -> in how many rooms too small framing did not fail: 0
 *   small KIND FIELD ...      -> in how many rooms too small encoding did not fail: 0
 *   ring CHANNELS SLOTS FIRST TAKEN UNSENT STEP SKIP RESEND_FIRST RESEND_COUNT
 *                             -> result of the Resend and the messages as hex; "none" where there is no ring. TAKEN
 *                                instants from index FIRST on, UNSENT of them sent; of every 2 SKIP the later half has no
 *                                samples (SKIP 0: all have)
 *   ads129x CHANNELS HEX      -> inputs off (positive, negative) and codes, or "invalid"
 *
 * Fields are decimal; bytes are hex, "-" where there are none.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eb_ads129x.h"
#include "eb_frame.h"
#include "lines.h"
#include "ring.h"

#define MAX_LINE 65536
#define MAX_BYTES 16384

static char line[MAX_LINE];
static uint8_t bytes[MAX_BYTES], result[2 * MAX_BYTES];

static void encode(void)
{
    const size_t size = encode_into(result, sizeof result);
    if (size == 0) {
        printf("short");
    } else {
        print_hex(result, size);
    }
}

/* A block of exactly `size` bytes, so that the sanitizer catches what goes beyond it. */
static uint8_t *exactly(size_t size)
{
    uint8_t *block = malloc(size > 0 ? size : 1);
    if (!block) {
        exit(1);
    }
    return size > 0 ? block : block + 1;
}

static void release(uint8_t *block, size_t size)
{
    free(size > 0 ? block : block - 1);
}

static void small(const char *fields)
{
    static char copy[MAX_LINE];
    size_t whole, wrong = 0, r;
    strcpy(copy, fields);
    strtok(copy, " \n");
    whole = encode_into(result, sizeof result);
    for (r = 0; r < whole; r++) {
        uint8_t *block = exactly(r);
        strcpy(copy, fields);
        strtok(copy, " \n");
        wrong += encode_into(block, r) != 0;
        release(block, r);
    }
    printf("%lu", (unsigned long)(whole > 0 ? wrong : 1));
}

static void decode(size_t size)
{
    uint8_t *block = exactly(size);
    memcpy(block, bytes, size);
    if (!print_message(block, size)) {
        const uint8_t type = eb_type(block, size);
        printf("%s %u", size > 0 && eb_min_size(type) == 0 ? "unknown" : "malformed", type);
    }
    release(block, size);
}

static void feed(size_t size)
{
    uint8_t buffer[EB_DEFRAMER_ROOM];
    eb_deframer d;
    size_t k;
    eb_deframer_init(&d, buffer, sizeof buffer);
    for (k = 0; k < size; k++) {
        switch (eb_deframe(&d, bytes[k])) {
        case EB_MESSAGE:
            printf("message ");
            print_hex(buffer, d.size);
            printf(" ");
            break;
        case EB_CORRUPT:
            printf("corrupt %" PRIu32 " ", d.bytes_lost);
            break;
        case EB_NOTHING:
            break;
        }
    }
}

static void room(size_t size)
{
    const size_t whole = eb_frame(bytes, size, result, sizeof result);
    const size_t coded = eb_cobs_encode(bytes, size, result, sizeof result);
    size_t wrong = 0, r;
    for (r = 0; r < whole; r++) {
        uint8_t *block = exactly(r);
        wrong += eb_frame(bytes, size, block, r) != 0;
        wrong += r < coded && eb_cobs_encode(bytes, size, block, r) != 0;
        wrong += r < size && eb_cobs_decode(result, coded, block, r) != EB_COBS_INVALID;
        release(block, r);
    }
    printf("%lu", (unsigned long)(whole > 0 ? wrong : 1));
}

static void sizes(void)
{
    unsigned type;
    for (type = 0; type < 256; type++) {
        if (eb_min_size((uint8_t)type) > 0) {
            printf("%u %lu ", type, (unsigned long)eb_min_size((uint8_t)type));
        }
    }
}

static void ads129x(size_t channels, size_t size)
{
    uint8_t *block = exactly(size);
    int32_t counts[EB_ADS129X_MAX_CHANNELS];
    eb_ads129x_off off;
    size_t k;
    memcpy(block, bytes, size);
    if (eb_ads129x_decode(block, size, channels, &off, counts)) {
        printf("%u %u", off.positive, off.negative);
        for (k = 0; k < channels; k++) {
            printf(" %" PRId32, counts[k]);
        }
    } else {
        printf("invalid");
    }
    release(block, size);
}

static void print_or(const char *word, size_t size, size_t bad)
{
    if (size == bad) {
        printf("%s", word);
    } else {
        print_hex(result, size);
    }
}

int main(void)
{
    while (fgets(line, sizeof line, stdin)) {
        static char whole_line[MAX_LINE];
        const char *verb;
        size_t size;
        strcpy(whole_line, line);
        verb = strtok(line, " \n");
        if (!verb) {
            continue;
        }
        if (!strcmp(verb, "encode")) {
            encode();
        } else if (!strcmp(verb, "small")) {
            small(whole_line);
        } else if (!strcmp(verb, "sizes")) {
            sizes();
        } else if (!strcmp(verb, "ring")) {
            answer_resend();
        } else if (!strcmp(verb, "ads129x")) {
            const char *channels = strtok(NULL, " \n");
            ads129x(channels ? strtoul(channels, NULL, 10) : 0, hex_field(bytes, sizeof bytes));
        } else {
            size = hex_field(bytes, sizeof bytes);
            if (!strcmp(verb, "decode")) {
                decode(size);
            } else if (!strcmp(verb, "frame")) {
                print_or("short", eb_frame(bytes, size, result, sizeof result), 0);
            } else if (!strcmp(verb, "cobs")) {
                print_or("short", eb_cobs_encode(bytes, size, result, sizeof result), 0);
            } else if (!strcmp(verb, "uncobs")) {
                print_or("invalid", eb_cobs_decode(bytes, size, result, sizeof result), EB_COBS_INVALID);
            } else if (!strcmp(verb, "feed")) {
                feed(size);
            } else if (!strcmp(verb, "room")) {
                room(size);
            }
        }
        printf("\n");
    }
    return 0;
}

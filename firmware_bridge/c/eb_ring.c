#include "eb_ring.h"

#include <string.h>

#include "eb_bytes.h"

#define NOTHING_HERE 0x8000u /* in the electrode bits, where the wire has a reserved one: an instant without samples */
#define CODE_BYTES 3u
#define MAX_SLOTS 0x7FFFFFFFu /* further back an index cannot be told from one to come */

static size_t size_of(const eb_ring *r)
{
    return EB_RING_FIXED + CODE_BYTES * r->channels;
}

/* Slot of a sample `back` before the next one; 1 is the latest. */
static uint8_t *slot(const eb_ring *r, size_t back)
{
    const size_t place = r->at >= back ? r->at - back : r->at + r->slots - back;
    return r->memory + place * size_of(r);
}

static uint8_t *grow(eb_ring *r)
{
    uint8_t *here = r->memory + r->at * size_of(r);
    r->at = r->at + 1u < r->slots ? r->at + 1u : 0u;
    r->held += r->held < r->slots ? 1u : 0u;
    r->next++;
    return here;
}

size_t eb_ring_bytes(size_t channels)
{
    return channels >= 1u && channels <= EB_MAX_CHANNELS ? EB_RING_FIXED + CODE_BYTES * channels : 0u;
}

bool eb_ring_init(eb_ring *r, uint8_t *memory, size_t bytes, size_t channels, uint32_t next)
{
    const size_t each = eb_ring_bytes(channels);
    if (each == 0 || bytes < each) {
        return false;
    }
    memset(r, 0, sizeof *r);
    r->memory = memory;
    r->slots = bytes / each < MAX_SLOTS ? bytes / each : MAX_SLOTS;
    r->channels = (uint8_t)channels;
    r->next = next;
    return true;
}

void eb_ring_put(eb_ring *r, uint32_t index, uint64_t clock_us, uint16_t electrode_off, const int32_t *counts)
{
    const uint32_t skipped = index - r->next;
    uint8_t *at;
    size_t k;
    if (skipped > MAX_SLOTS) {
        return; /* from before the next one */
    }
    if (skipped >= r->slots) {
        r->held = 0; /* all of it would be overwritten */
        r->next = index;
    }
    while (r->next != index) {
        eb_put_le(grow(r), NOTHING_HERE, 2);
    }
    at = eb_put_le(grow(r), electrode_off & (uint16_t)~NOTHING_HERE, 2);
    at = eb_put_le(at, clock_us & 0xFFFFFFFFu, 4);
    for (k = 0; k < r->channels; k++) {
        at = eb_put_le(at, eb_code24(counts[k]), CODE_BYTES);
    }
    r->clock_us = clock_us;
}

/* The sample `index`, or NULL where it is not held. */
static const uint8_t *find(const eb_ring *r, uint32_t index)
{
    const uint32_t back = r->next - index;
    const uint8_t *here;
    if (back == 0 || back > r->held) {
        return NULL;
    }
    here = slot(r, back);
    return eb_get16(here) & NOTHING_HERE ? NULL : here;
}

bool eb_ring_holds(const eb_ring *r, uint32_t index)
{
    return find(r, index) != NULL;
}

uint32_t eb_ring_from(const eb_ring *r, uint32_t first, uint32_t end)
{
    const uint32_t oldest = r->next - (uint32_t)r->held;
    if (first - r->next <= MAX_SLOTS) {
        return end; /* still to come */
    }
    if (oldest - first <= MAX_SLOTS) {
        first = end - oldest <= MAX_SLOTS ? oldest : end;
    }
    while (first != end && !eb_ring_holds(r, first)) {
        if (first == r->next) {
            return end;
        }
        first++;
    }
    return first;
}

/* Only its lowest 32 bits are held; it is the last such moment before the latest sample. */
static uint64_t clock_of(const eb_ring *r, const uint8_t *here)
{
    const uint32_t before = (uint32_t)(r->clock_us & 0xFFFFFFFFu) - eb_get32(here + 2);
    return r->clock_us - before;
}

size_t eb_ring_encode(const eb_ring *r, uint32_t first, size_t count, uint8_t *out, size_t room, size_t *sent)
{
    const size_t codes = CODE_BYTES * r->channels;
    const size_t fit = eb_samples_that_fit(room, r->channels);
    const uint8_t *here = find(r, first);
    uint8_t *at = out + EB_SAMPLES_SIZE;
    uint16_t electrode_off = 0;
    size_t n = 0;
    uint64_t clock_us;
    *sent = 0;
    if (here == NULL || count == 0 || fit == 0) {
        return 0;
    }
    clock_us = clock_of(r, here);
    for (; here != NULL && n < count && n < fit; n++, here = find(r, first + (uint32_t)n)) {
        electrode_off |= eb_get16(here);
        memcpy(at, here + EB_RING_FIXED, codes);
        at += codes;
    }
    at = eb_put8(out, EB_SAMPLES);
    at = eb_put_le(at, first, 4);
    at = eb_put_le(at, clock_us, 8);
    at = eb_put_le(at, electrode_off, 2);
    at = eb_put8(at, (uint8_t)n);
    eb_put8(at, r->channels);
    *sent = n;
    return EB_SAMPLES_SIZE + n * codes;
}

uint8_t eb_ring_resend(const eb_ring *r, const eb_resend *command, uint32_t unsent, eb_again *job)
{
    uint32_t end = command->first + command->count;
    job->first = end;
    job->left = 0;
    if (command->count == 0 || command->count > MAX_SLOTS) {
        return EB_BAD_ARGUMENT;
    }
    if (unsent - command->first > MAX_SLOTS) {
        return EB_NOT_AVAILABLE; /* all of it is still to come */
    }
    if (unsent - command->first < command->count) {
        end = unsent;
    }
    job->first = eb_ring_from(r, command->first, end);
    job->left = end - job->first;
    return job->left > 0 ? EB_OK : EB_NOT_AVAILABLE;
}

size_t eb_ring_again(const eb_ring *r, eb_again *job, size_t count, uint8_t *out, size_t room)
{
    const uint32_t end = job->first + job->left;
    size_t size, sent;
    job->first = eb_ring_from(r, job->first, end);
    job->left = end - job->first;
    if (job->left == 0) {
        return 0;
    }
    size = eb_ring_encode(r, job->first, count < job->left ? count : job->left, out, room, &sent);
    job->first += (uint32_t)sent;
    job->left -= (uint32_t)sent;
    return size;
}

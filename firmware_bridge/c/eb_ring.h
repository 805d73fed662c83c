/* The last seconds of samples, in memory of the caller's: what is sent live comes out of it, and so does what a host
 * asks for again (Resend) after its radio was away.
 *
 * No allocation and no locks: one thread. An interrupt that samples hands over through a queue of its own, as
 * example.c does. Indices wrap at 2^32 as on the wire.
 */
#ifndef EB_RING_H
#define EB_RING_H

#include "eb_command.h"

#ifdef __cplusplus
extern "C" {
#endif

#define EB_RING_FIXED 6u /* bytes a sample beside its codes: electrode bits 2, clock 4 */

typedef struct {
    uint8_t *memory;
    size_t slots; /* samples there is room for */
    size_t held;  /* slots in use, the latest ones; instants without samples among them */
    size_t at;    /* slot of the next sample */
    uint8_t channels;
    uint32_t next;     /* index after the latest sample */
    uint64_t clock_us; /* of the latest sample */
} eb_ring;

/* What is still to be sent for one Resend. */
typedef struct {
    uint32_t first;
    uint32_t left; /* samples; 0: done */
} eb_again;

/* Bytes that one sample takes; 0 where channels is not 1 to EB_MAX_CHANNELS. */
size_t eb_ring_bytes(size_t channels);

/* The caller owns `memory`, of any alignment, for as long as the ring is used. It holds bytes / eb_ring_bytes(channels)
 * samples, 2^31 - 1 at most. Returns false, and changes nothing, where that is none. `next` is the index that the
 * first sample will have. Call it again after a reset of the index: what it held is of another boot. */
bool eb_ring_init(eb_ring *r, uint8_t *memory, size_t bytes, size_t channels, uint32_t next);

/* One sample of all channels; the oldest gives way. An index beyond the next one leaves the instants between without
 * samples. An index before it is not taken. A code beyond 24 bits is held as +-EB_FULL_SCALE. The clock must go on by
 * less than 2^32 us (71 minutes) over all that is held. */
void eb_ring_put(eb_ring *r, uint32_t index, uint64_t clock_us, uint16_t electrode_off, const int32_t *counts);

/* Whether the sample `index` is held. */
bool eb_ring_holds(const eb_ring *r, uint32_t index);

/* The index of the first sample held, from `first` on and before `end`; `end` where there is none. */
uint32_t eb_ring_from(const eb_ring *r, uint32_t first, uint32_t end);

/* Encodes Samples from `first` on: `count` of them, or fewer where the message, `room`, what is held, or an instant
 * without samples ends it. Returns the size, and writes nothing and returns 0 where `first` is not held, `count` is 0
 * or `room` is too small for one sample. `sent` is how many samples the message has, 0 with it. */
size_t eb_ring_encode(const eb_ring *r, uint32_t first, size_t count, uint8_t *out, size_t room, size_t *sent);

/* Takes a Resend on: fills `job` with what is held of its range, before `unsent`, the index of the next live sample to
 * be sent. Returns the result for the Ack: EB_OK, EB_NOT_AVAILABLE where nothing is held, EB_BAD_ARGUMENT for a count
 * out of range; `job` is then done. */
uint8_t eb_ring_resend(const eb_ring *r, const eb_resend *command, uint32_t unsent, eb_again *job);

/* The next message of a job: `count` samples at most, and the job is that much shorter. Passes over what has been
 * overwritten meanwhile. Returns the size, or 0 where the job is done; where `room` is too small for one sample it
 * returns 0 as well and the job stays. */
size_t eb_ring_again(const eb_ring *r, eb_again *job, size_t count, uint8_t *out, size_t room);

#ifdef __cplusplus
}
#endif

#endif

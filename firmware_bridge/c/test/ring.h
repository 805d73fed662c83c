/* A ring, filled and asked, for the driver. */
#ifndef RING_H
#define RING_H

void answer_resend(void); /* reads on in the line that strtok holds */

#endif

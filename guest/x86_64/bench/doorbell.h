// The cells of bench-doorbell that need CPL 0 or a second processor. Each is skipped where it
// cannot be.
#pragma once

void doorbell_hypercall(void);
void doorbell_sleep(void);
void doorbell_message(void);

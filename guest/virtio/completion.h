// How a driver learns of used buffers: by looking, by MSI-X, or by its interrupt line (INTx; GSI).
#pragma once

#include <stdint.h>

#include "guest/virtio/device.h"
#include "guest/virtio/queue.h"

enum CompletionMode { kPoll, kMsix, kLine };

// `irq=poll` (or absent), `irq=msix`, `irq=line` on the command line. MMIO devices have no MSI-X:
// there msix means line.
enum CompletionMode completion_mode(const char* command_line, const struct VirtioDevice* device);
const char* completion_mode_name(enum CompletionMode mode);

// After virtio_negotiate, before the queues exist: interrupts must be enabled (completion_init does
// it). MSI-X: vector 0 for configuration, 1 + n for queue n. 0 if the device does not take them.
void completion_init(void);
int completion_set_up(struct VirtioDevice* device, enum CompletionMode mode, unsigned queues);
// Where MSI-X brings a queue's interrupts.
unsigned completion_queue_vector(unsigned queue);
// Writes entry `index` of the MSI-X table to bring `vector` to this processor; 0: there are no
// messages here.
int completion_msix_entry(const struct VirtioDevice* device, unsigned index, unsigned vector);

// Interrupts seen for a queue (by line: for any), and for configuration changes.
uint64_t completion_interrupts(unsigned queue);
// The same without those that wait to be taken, and without an exit.
uint64_t completion_interrupts_seen(unsigned queue);
uint64_t completion_config_interrupts(void);

// Before what shall interrupt is announced to the device.
void completion_arm(struct VirtQueue* queue, enum CompletionMode mode);
// Sleeps until `count` chains are used, or polls if `mode` says so; 0 after `milliseconds`.
// With interrupts a lost one shows as such a time-out: an alarm wakes us meanwhile.
int completion_sleep(struct VirtQueue* queue, enum CompletionMode mode, unsigned count,
                     unsigned milliseconds);

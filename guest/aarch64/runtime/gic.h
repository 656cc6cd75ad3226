// The interrupt controller: GICv3 with an ITS (Arm IHI 0069), or GICv2 with a GICv2m frame (IHI
// 0048; DEN 0029, appendix E). guest/machine/interrupts.h is what drivers see of it.
#pragma once

#include <stdint.h>

enum { kSpi = 32, kVirtualTimerPpi = 27, kFirstLpi = 8192 };

// This processor's part of it: its redistributor or CPU interface, software interrupts and the
// virtual timer. Any processor but the first calls it by itself.
void gic_processor_init(void);
// Where the interrupt with this number goes.
void gic_set_vector(unsigned number, unsigned vector);
// Unmasks a shared interrupt, for this processor.
void gic_enable_spi(unsigned number, int edge);
// Software-generated interrupt 0, which is kVectorDevice, to the processor with these affinities.
void gic_send(uint64_t mpidr);
// "gicv3" or "gicv2".
const char* gic_name(void);

// gic_its.c. 0: there is none.
int its_init(uint64_t redistributor);
struct InterruptMessage;
// Another event of the device; `number` is the LPI that it becomes.
int its_map(unsigned device, struct InterruptMessage* message, unsigned* number);

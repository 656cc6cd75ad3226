#include "guest/aarch64/runtime/gic.h"

#include "arch/processor.h"
#include "guest/aarch64/runtime/machine.h"
#include "guest/lib/print.h"
#include "guest/machine/end.h"
#include "guest/machine/interrupts.h"

enum {  // IHI 0069, 12.9 (distributor)
  kDistributorControl = 0x0000,
  kGroup = 0x0080,
  kSetEnable = 0x0100,
  kPriority = 0x0400,
  kTarget = 0x0800,
  kConfiguration = 0x0c00,
  kRouter = 0x6000,
};
enum { kSoftware = 0x0f00 };  // GICv2 only
enum {                        // 12.11 (redistributor)
  kType = 0x0008,
  kWaker = 0x0014,
  kSgiFrame = 0x10000,
  kFrames = 0x20000,
};
enum {  // IHI 0048, 4.4 (CPU interface)
  kInterfaceControl = 0x00,
  kPriorityMask = 0x04,
  kAcknowledge = 0x0c,
  kEndOfInterrupt = 0x10,
};
enum { kMessageType = 0x008, kMessageSet = 0x040 };  // the GICv2m frame
enum { kAffinityRouting = 1 << 4, kEnableGroup1 = 1 << 1, kEnable = 1, kAsleep = 6 };
enum { kUsual = 0xa0, kSpurious = 1020, kShared = 1020, kLpis = 256, kVectors = 0x50 };

static int is_v3;
static uint64_t distributor, second;  // redistributors or CPU interface
static uint64_t message_frame;        // of a GICv2
static int has_its;
static uint8_t vector_of_number[kShared], vector_of_lpi[kLpis];
static InterruptHandler* handlers[kVectors];

static uint64_t affinity(void) {
  uint64_t mpidr;
  __asm__ volatile("mrs %0, mpidr_el1" : "=r"(mpidr));
  return mpidr & 0xff00ffffff;
}

static unsigned acknowledge(void) {
  if (!is_v3) {
    return read32(second + kAcknowledge);
  }
  uint64_t number;
  __asm__ volatile("mrs %0, s3_0_c12_c12_0; dsb sy" : "=r"(number) : : "memory");  // ICC_IAR1_EL1
  return (unsigned)number;
}

static void end_of_interrupt(unsigned number) {
  if (!is_v3) {
    write32(second + kEndOfInterrupt, number);
    return;
  }
  __asm__ volatile("msr s3_0_c12_c12_1, %0; isb" : : "r"((uint64_t)number) : "memory");
}

static unsigned vector_of(unsigned number) {
  if (number < kShared) {
    return vector_of_number[number];
  }
  return number - kFirstLpi < kLpis ? vector_of_lpi[number - kFirstLpi] : 0;
}

// start.S: an IRQ.
void interrupt_dispatch(void);
void interrupt_dispatch(void) {
  const unsigned acknowledged = acknowledge();
  const unsigned number = is_v3 ? acknowledged : acknowledged & 0x3ff;  // GICv2: and who sent it
  if (number >= kSpurious && number < kFirstLpi) {
    return;
  }
  const unsigned vector = vector_of(number);
  if (!vector || !handlers[vector]) {
    print_number("unexpected interrupt ", number, "\n");
    end_machine(99);
  }
  handlers[vector](vector);
  end_of_interrupt(acknowledged);
}

// start.S: all other exceptions.
_Noreturn void unexpected_exception(void);
void unexpected_exception(void) {
  uint64_t syndrome;
  uint64_t link;
  uint64_t address;
  __asm__ volatile("mrs %0, esr_el1; mrs %1, elr_el1; mrs %2, far_el1"
                   : "=r"(syndrome), "=r"(link), "=r"(address));
  print("unexpected exception, esr 0x");
  print_hex(syndrome, 8);
  print(", elr 0x");
  print_hex(link, 16);
  print(", far 0x");
  print_hex(address, 16);
  print("\n");
  end_machine(99);
}

void interrupts_set(unsigned vector, InterruptHandler* handler) {
  handlers[vector] = handler;
}

// The dispatcher does it, when the handler is done.
void interrupts_end(unsigned vector) {
  (void)vector;
}

void gic_set_vector(unsigned number, unsigned vector) {
  if (number < kShared) {
    vector_of_number[number] = (uint8_t)vector;
  } else if (number - kFirstLpi < kLpis) {
    vector_of_lpi[number - kFirstLpi] = (uint8_t)vector;
  }
}

// The frame of this processor (IHI 0069, GICR_TYPER: affinity above, Last in bit 4).
static uint64_t redistributor(void) {
  const uint64_t mpidr = affinity();
  const uint64_t wanted = (mpidr & 0xffffff) | (mpidr >> 32 & 0xff) << 24;
  for (uint64_t frame = second;; frame += kFrames) {
    const uint64_t type = read64(frame + kType);
    if (type >> 32 == wanted || type & 1 << 4) {
      return frame;
    }
  }
}

// Of the private interrupts those that programs use: software interrupt 0 and the virtual timer.
static void enable_private(uint64_t frame) {
  write8(frame + kPriority, kUsual);
  write8(frame + kPriority + kVirtualTimerPpi, kUsual);
  write32(frame + kSetEnable, 1u | 1u << kVirtualTimerPpi);
}

void gic_processor_init(void) {
  if (!is_v3) {
    enable_private(distributor);
    write32(second + kPriorityMask, 0xff);
    write32(second + kInterfaceControl, kEnable);
    return;
  }
  const uint64_t frame = redistributor();
  write32(frame + kWaker, 0);
  while (read32(frame + kWaker) & kAsleep) {
    processor_pause();
  }
  write32(frame + kSgiFrame + kGroup, ~0u);
  enable_private(frame + kSgiFrame);
  uint64_t enable;
  __asm__ volatile("mrs %0, s3_0_c12_c12_5" : "=r"(enable));  // ICC_SRE_EL1
  __asm__ volatile("msr s3_0_c12_c12_5, %0; isb" : : "r"(enable | 1));
  __asm__ volatile("msr s3_0_c4_c6_0, %0" : : "r"(0xfful));      // ICC_PMR_EL1: all priorities
  __asm__ volatile("msr s3_0_c12_c12_7, %0; isb" : : "r"(1ul));  // ICC_IGRPEN1_EL1
}

void gic_enable_spi(unsigned number, int edge) {
  if (is_v3) {
    const uint64_t group = distributor + kGroup + 4ul * (number / 32);
    write32(group, read32(group) | 1u << number % 32);
    write64(distributor + kRouter + 8ul * number, affinity());
  } else {
    write8(distributor + kTarget + number, 1);
  }
  const uint64_t configuration = distributor + kConfiguration + 4ul * (number / 16);
  const uint32_t bit = 2u << 2 * (number % 16);
  write32(configuration, (read32(configuration) & ~bit) | (edge ? bit : 0));
  write8(distributor + kPriority + number, kUsual);
  write32(distributor + kSetEnable + 4ul * (number / 32), 1u << number % 32);
}

void gic_send(uint64_t mpidr) {
  if (!is_v3) {
    write32(distributor + kSoftware, 1u << (16 + (mpidr & 7)));
    return;
  }
  const uint64_t target = 1ul << (mpidr & 15) | (mpidr >> 4 & 15) << 44 |
                          (mpidr >> 8 & 0xff) << 16 | (mpidr >> 16 & 0xff) << 32 |
                          (mpidr >> 32 & 0xff) << 48;
  __asm__ volatile("dsb ishst; msr s3_0_c12_c11_5, %0; isb" : : "r"(target) : "memory");
}

const char* gic_name(void) {
  return is_v3 ? "gicv3" : "gicv2";
}

void interrupts_init(void) {
  const struct DeviceTree* tree = &machine.tree;
  TreeNode gic = tree_compatible(tree, "arm,gic-v3", 0);
  is_v3 = gic != 0;
  if (!gic) {
    gic = tree_compatible(tree, "arm,cortex-a15-gic", 0);
  }
  distributor = tree_wide(tree, gic, "reg", 0);
  second = tree_wide(tree, gic, "reg", 2);
  if (!gic) {
    print("FAIL the device tree has no interrupt controller\n");
    end_machine(98);
  }
}

void interrupts_enable(void) {
  write32(distributor + kDistributorControl, is_v3 ? kAffinityRouting | kEnableGroup1 : kEnable);
  gic_processor_init();
  gic_set_vector(0, kVectorDevice);
  gic_set_vector(kVirtualTimerPpi, kVectorTimer);
  if (is_v3) {
    has_its = its_init(redistributor());
  } else {
    message_frame =
        tree_wide(&machine.tree, tree_compatible(&machine.tree, "arm,gic-v2m-frame", 0), "reg", 0);
  }
}

// Any of the frame's interrupts will do for a message: who sent it does not count.
static struct InterruptMessage by_frame(unsigned vector) {
  static unsigned taken;
  const uint32_t type = read32(message_frame + kMessageType);
  const unsigned number = (type >> 16 & 0x3ff) + taken;
  if (taken == (type & 0x3ff)) {
    return (struct InterruptMessage){0, 0};
  }
  ++taken;
  gic_set_vector(number, vector);
  gic_enable_spi(number, 1);
  return (struct InterruptMessage){message_frame + kMessageSet, number};
}

struct InterruptMessage interrupts_message(unsigned requester, unsigned vector) {
  struct InterruptMessage message = {0, 0};
  unsigned number;
  if (has_its && its_map(requester, &message, &number)) {
    gic_set_vector(number, vector);
  } else if (message_frame) {
    message = by_frame(vector);
  }
  return message;
}

// The interrupt line register of a PCI function holds its shared interrupt too.
void interrupts_route_line(unsigned line, int is_pci, unsigned vector, InterruptHandler* handler) {
  (void)is_pci;
  interrupts_set(vector, handler);
  gic_set_vector(kSpi + line, vector);
  gic_enable_spi(kSpi + line, 0);
}

void interrupts_take_pending(void) {
  interrupts_on();
  interrupts_off();
}

#include "guest/x86_64/runtime/interrupts.h"

#include "guest/lib/print.h"
#include "guest/machine/end.h"
#include "guest/x86_64/runtime/port_io.h"

struct Gate {
  uint16_t offset_low;
  uint16_t selector;
  uint16_t attributes;
  uint16_t offset_middle;
  uint32_t offset_high;
  uint32_t reserved;
};

// As interrupt_common pushes them, lowest address first.
struct Frame {
  uint64_t r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax;
  uint64_t vector, error;
  uint64_t rip, cs, rflags, rsp, ss;
};

extern const uint64_t interrupt_entries[kVectorCount];
void interrupt_dispatch(const struct Frame* frame);

static struct Gate idt[kVectorCount];
static InterruptHandler* handlers[kVectorCount];

void interrupt_dispatch(const struct Frame* frame) {
  InterruptHandler* handler = handlers[frame->vector];
  if (handler) {
    handler((unsigned)frame->vector);
    return;
  }
  uint64_t cr2;
  __asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
  print_number("unexpected vector ", frame->vector, ", error 0x");
  print_hex(frame->error, 1);
  print(", rip 0x");
  print_hex(frame->rip, 16);
  print(", cr2 0x");
  print_hex(cr2, 16);
  print("\n");
  end_machine(99);
}

void interrupts_set(unsigned vector, InterruptHandler* handler) {
  handlers[vector] = handler;
}

static void write_gate(unsigned vector, uint64_t entry) {
  idt[vector] = (struct Gate){(uint16_t)entry,         0x08, 0x8e00, (uint16_t)(entry >> 16),
                              (uint32_t)(entry >> 32), 0};
}

void interrupts_set_gate(unsigned vector, void (*entry)(void)) {
  write_gate(vector, (uint64_t)entry);
}

void interrupts_restore_gate(unsigned vector) {
  write_gate(vector, interrupt_entries[vector]);
}

static void ignore(unsigned vector) {
  (void)vector;
}

void interrupts_load(void) {
  const struct __attribute__((packed)) {
    uint16_t limit;
    uint64_t base;
  } pointer = {sizeof idt - 1, (uint64_t)idt};
  __asm__ volatile("lidt %0" : : "m"(pointer));
}

void interrupts_init(void) {
  for (unsigned i = 0; i < kVectorCount; ++i) {
    write_gate(i, interrupt_entries[i]);
  }
  interrupts_load();
  interrupts_set(kVectorSpurious, ignore);
  pic_init();
}

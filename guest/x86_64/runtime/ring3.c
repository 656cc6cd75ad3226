#include "guest/machine/unprivileged.h"

#include "guest/x86_64/runtime/interrupts.h"

// Intel SDM volume 3, figure 8-11, and 19.5.2 of volume 1 for the bitmap: 64 Ki ports and a final
// byte of ones.
static struct __attribute__((packed)) {
  uint32_t reserved0;
  uint64_t rsp[3];
  uint64_t reserved1;
  uint64_t ist[7];
  uint64_t reserved2;
  uint16_t reserved3;
  uint16_t io_bitmap;
  uint8_t ports[65536 / 8];
  uint8_t end;
} tss;

extern uint64_t gdt_tss[2];
void ring3_undefined(void);
unsigned long ring3_enter(unsigned long (*body)(unsigned long), unsigned long argument,
                          char* stack);

static char user_stack[32768] __attribute__((aligned(16)));
static uint64_t fault_stack[256];

static void set_up(void) {
  const uint64_t base = (uint64_t)&tss;
  const uint64_t limit = sizeof tss - 1;
  tss.rsp[0] = (uint64_t)(fault_stack + 256);
  tss.io_bitmap = (uint16_t)__builtin_offsetof(__typeof__(tss), ports);
  tss.end = 0xff;
  gdt_tss[0] = (limit & 0xffff) | (base & 0xffffff) << 16 | 0x89ull << 40 |
               (limit >> 16 & 0xf) << 48 | (base >> 24 & 0xff) << 56;
  gdt_tss[1] = base >> 32;
  __asm__ volatile("ltr %w0" : : "r"(0x30));
  interrupts_set_gate(6, ring3_undefined);
}

// A TSS I/O bitmap opens the ports: IOPL is not relied on.
unsigned long unprivileged_call(unsigned long (*body)(unsigned long), unsigned long argument) {
  uint16_t cs;
  __asm__ volatile("mov %%cs, %0" : "=r"(cs));
  if (cs & 3) {
    return body(argument);
  }
  if (!tss.end) {
    set_up();
  }
  return ring3_enter(body, argument, user_stack + sizeof user_stack);
}

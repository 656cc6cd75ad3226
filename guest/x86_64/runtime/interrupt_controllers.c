#include "guest/x86_64/runtime/acpi.h"
#include "guest/x86_64/runtime/interrupts.h"
#include "guest/x86_64/runtime/port_io.h"

enum { kPicFirst = 0x20, kPicSecond = 0xa0 };

void pic_init(void) {
  out8(kPicFirst, 0x11);  // ICW1: edge, cascade, ICW4 follows
  out8(kPicSecond, 0x11);
  out8(kPicFirst + 1, kVectorPic);  // ICW2: vector base
  out8(kPicSecond + 1, kVectorPic + 8);
  out8(kPicFirst + 1, 0x04);  // ICW3: second PIC at input 2
  out8(kPicSecond + 1, 0x02);
  out8(kPicFirst + 1, 0x01);  // ICW4: 8086 mode
  out8(kPicSecond + 1, 0x01);
  out8(kPicFirst + 1, 0xff);
  out8(kPicSecond + 1, 0xff);
}

static uint16_t mask_port(unsigned input) {
  return input < 8 ? kPicFirst + 1 : kPicSecond + 1;
}

void pic_unmask(unsigned input) {
  const uint16_t port = mask_port(input);
  out8(port, (uint8_t)(in8(port) & ~(1u << (input & 7))));
}

void pic_mask(unsigned input) {
  const uint16_t port = mask_port(input);
  out8(port, (uint8_t)(in8(port) | 1u << (input & 7)));
}

void pic_eoi(unsigned input) {
  if (input >= 8) {
    out8(kPicSecond, 0x20);
  }
  out8(kPicFirst, 0x20);
}

static uint64_t local_apic_base(void) {
  static uint64_t base;
  if (!base) {
    base = read_msr(0x1b) & 0xffffff000u;
  }
  return base;
}

uint32_t local_apic_read(unsigned offset) {
  return mmio_read32(local_apic_base() + offset);
}
void local_apic_write(unsigned offset, uint32_t value) {
  mmio_write32(local_apic_base() + offset, value);
}
void local_apic_eoi(void) {
  local_apic_write(kApicEoi, 0);
}

void local_apic_enable(void) {
  local_apic_write(kApicSpurious, 0x100 | kVectorSpurious);
  local_apic_write(kApicLint0, 0x700);  // delivery mode ExtINT, not masked
}

int io_apic_route(unsigned irq, unsigned vector) {
  const uint8_t* madt = acpi_find("APIC");
  if (!madt) {
    return 0;
  }
  uint64_t base = 0;
  uint32_t first = 0;
  uint32_t gsi = irq;
  const uint32_t length = acpi_u32(madt, 4);
  for (uint32_t at = 44; at + 2 <= length && madt[at + 1] >= 2; at += madt[at + 1]) {
    if (madt[at] == 1 && !base) {  // 5.2.12.3, I/O APIC
      base = acpi_u32(madt, at + 4);
      first = acpi_u32(madt, at + 8);
    } else if (madt[at] == 2 && madt[at + 3] == irq) {  // 5.2.12.5, interrupt source override
      gsi = acpi_u32(madt, at + 4);
    }
  }
  if (!base || gsi < first) {
    return 0;
  }
  const uint32_t entry = 0x10 + 2 * (gsi - first);  // 82093AA, I/O redirection table
  mmio_write32(base, entry + 1);
  mmio_write32(base + 0x10, local_apic_read(kApicId) & 0xff000000u);
  mmio_write32(base, entry);
  mmio_write32(base + 0x10, vector);  // fixed, physical, active high, edge, not masked
  return 1;
}

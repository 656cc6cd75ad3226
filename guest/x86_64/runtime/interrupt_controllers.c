#include "arch/processor.h"
#include "guest/x86_64/runtime/acpi.h"
#include "guest/x86_64/runtime/interrupts.h"

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
  return read32(local_apic_base() + offset);
}
void local_apic_write(unsigned offset, uint32_t value) {
  write32(local_apic_base() + offset, value);
}
// 11.4.8: 0x10 to 0x15. Nobody there reads as ones or zeros.
int local_apic_present(void) {
  const uint32_t version = local_apic_read(kApicVersion) & 0xff;
  return version >= 0x10 && version <= 0x1f;
}

void local_apic_eoi(void) {
  local_apic_write(kApicEoi, 0);
}

void local_apic_enable(void) {
  local_apic_write(kApicSpurious, 0x100 | kVectorSpurious);
  local_apic_write(kApicLint0, 0x700);  // delivery mode ExtINT, not masked
}

enum { kIoApicUsual = 0xfec00000u, kIoApicLevel = 1 << 15 };

// The first I/O APIC of the MADT, and the global interrupt of ISA interrupt `irq`; 0 without a
// MADT.
static uint64_t find_io_apic(unsigned irq, uint32_t* first, uint32_t* gsi) {
  uint64_t base = 0;
  *first = 0;
  *gsi = irq;
  const uint8_t* madt = acpi_find("APIC");
  const uint32_t length = madt ? acpi_u32(madt, 4) : 0;
  for (uint32_t at = 44; at + 2 <= length && madt[at + 1] >= 2; at += madt[at + 1]) {
    if (madt[at] == 1 && !base) {  // 5.2.12.3, I/O APIC
      base = acpi_u32(madt, at + 4);
      *first = acpi_u32(madt, at + 8);
    } else if (madt[at] == 2 && madt[at + 3] == irq) {  // 5.2.12.5, interrupt source override
      *gsi = acpi_u32(madt, at + 4);
    }
  }
  return base;
}

// 82093AA, I/O redirection table: fixed, physical, active high, not masked.
static void write_entry(uint64_t base, uint32_t pin, uint32_t low) {
  const uint32_t entry = 0x10 + 2 * pin;
  write32(base, entry + 1);
  write32(base + 0x10, local_apic_read(kApicId) & 0xff000000u);
  write32(base, entry);
  write32(base + 0x10, low);
}

int io_apic_route(unsigned irq, unsigned vector) {
  uint32_t first;
  uint32_t gsi;
  const uint64_t base = find_io_apic(irq, &first, &gsi);
  if (!base || gsi < first) {
    return 0;
  }
  write_entry(base, gsi - first, vector);
  return 1;
}

void io_apic_route_gsi(unsigned gsi, unsigned vector, int level) {
  uint32_t first;
  uint32_t ignored;
  uint64_t base = find_io_apic(~0u, &first, &ignored);
  if (!base) {
    base = kIoApicUsual;
    first = 0;
  }
  if (gsi >= first) {
    write_entry(base, gsi - first, vector | (level ? kIoApicLevel : 0));
  }
}

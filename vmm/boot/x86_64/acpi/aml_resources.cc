#include "vmm/boot/x86_64/acpi/aml_resources.h"

#include <cassert>

#include "vmm/base/bits.h"

namespace skiff::aml {
namespace {

// Small descriptors carry their length in the tag (6.4.2), large ones in two bytes (6.4.3).
constexpr unsigned kIrqTag = 0x23;
constexpr unsigned kIoTag = 0x47;
constexpr unsigned kEndTag = 0x79;
constexpr unsigned kMemory32FixedTag = 0x86;
constexpr unsigned kDwordTag = 0x87;
constexpr unsigned kWordTag = 0x88;
constexpr unsigned kExtendedIrqTag = 0x89;
constexpr unsigned kQwordTag = 0x8a;

// Address space descriptors (6.4.3.5): resource type, general flags.
enum class Type : std::uint8_t { memory, io, bus };
constexpr unsigned kConsumer = 1;
constexpr unsigned kProducer = 0;
constexpr unsigned kMinAndMaxFixed = 0x0c;
// Type-specific flags.
constexpr unsigned kMemoryWritable = 1;
constexpr unsigned kMemoryPrefetchable = 3 << 1;
constexpr unsigned kIoWholeRange = 3;

void put(std::string& out, std::uint64_t value, unsigned width) {
  for (unsigned i = 0; i < width; ++i)
    out.push_back(static_cast<char>(value >> (i * 8)));
}

Term address_space(Range range, Type type, unsigned usage, unsigned flags) {
  const unsigned width = range.last() <= 0xffff && type != Type::memory ? 2
                         : range.last() <= 0xffff'ffff                  ? 4
                                                                        : 8;
  Term out;
  put(out.bytes, width == 2 ? kWordTag : width == 4 ? kDwordTag : kQwordTag, 1);
  put(out.bytes, 3 + 5 * width, 2);
  put(out.bytes, static_cast<unsigned>(type), 1);
  put(out.bytes, kMinAndMaxFixed | usage, 1);
  put(out.bytes, flags, 1);
  put(out.bytes, 0, width);  // granularity
  put(out.bytes, range.start, width);
  put(out.bytes, range.last(), width);
  put(out.bytes, 0, width);  // translation
  put(out.bytes, range.size, width);
  return out;
}

}  // namespace

Term resources(const Terms& descriptors) {
  std::string bytes = sequence(descriptors).bytes;
  put(bytes, kEndTag, 1);
  put(bytes, 0, 1);  // a zero checksum means: not used (6.4.2.9)
  return buffer(bytes);
}

Term io_ports(Range ports) {
  assert(ports.valid() && ports.last() <= 0xffff);
  if (ports.size > 0xff) return address_space(ports, Type::io, kConsumer, kIoWholeRange);
  Term out;
  put(out.bytes, kIoTag, 1);
  put(out.bytes, 1, 1);  // decodes 16 bits
  put(out.bytes, ports.start, 2);
  put(out.bytes, ports.start, 2);
  put(out.bytes, 1, 1);  // alignment
  put(out.bytes, ports.size, 1);
  return out;
}

Term memory(Range addresses) {
  assert(addresses.valid());
  if (addresses.last() > 0xffff'ffff) {
    return address_space(addresses, Type::memory, kConsumer, kMemoryWritable);
  }
  Term out;
  put(out.bytes, kMemory32FixedTag, 1);
  put(out.bytes, 9, 2);
  put(out.bytes, 1, 1);  // writable
  put(out.bytes, addresses.start, 4);
  put(out.bytes, addresses.size, 4);
  return out;
}

Term interrupt(const HwInterrupt& irq) {
  const bool edge = irq.trigger == IrqTrigger::edge;
  const bool low = irq.polarity == IrqPolarity::active_low;
  Term out;
  // The small descriptor knows edge with active high and level with active low only (6.4.2.1).
  if (irq.number < 16 && edge != low) {
    put(out.bytes, kIrqTag, 1);
    put(out.bytes, 1ULL << irq.number, 2);
    put(out.bytes, (edge ? 1U : 0U) | (low ? 1U << 3 : 0U) | (irq.shared ? 1U << 4 : 0U), 1);
    return out;
  }
  put(out.bytes, kExtendedIrqTag, 1);
  put(out.bytes, 6, 2);
  put(out.bytes,
      kConsumer | (edge ? 1U << 1 : 0U) | (low ? 1U << 2 : 0U) | (irq.shared ? 1U << 3 : 0U), 1);
  put(out.bytes, 1, 1);
  put(out.bytes, irq.number, 4);
  return out;
}

Term bus_window(std::uint8_t first, std::uint8_t last) {
  assert(first <= last);
  return address_space({first, last - first + 1ULL}, Type::bus, kProducer, 0);
}

Term io_window(Range ports) {
  assert(ports.valid() && ports.last() <= 0xffff);
  return address_space(ports, Type::io, kProducer, kIoWholeRange);
}

Term memory_window(Range addresses, bool prefetchable) {
  assert(addresses.valid());
  return address_space(addresses, Type::memory, kProducer,
                       kMemoryWritable | (prefetchable ? kMemoryPrefetchable : 0U));
}

}  // namespace skiff::aml

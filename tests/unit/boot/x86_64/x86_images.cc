#include "tests/unit/boot/x86_64/x86_images.h"

#include <array>

namespace skiff::test {
namespace {

constexpr std::array kRamRanges = {Range{0, kRam}};

}  // namespace

TestMachine::TestMachine()
    : memory(kRamRanges, {.huge_pages = HugePages::off}), request{.memory = memory} {
  memory.fill(GuestAddress(0), kRam, std::byte{0xee});
  request.kernel = "/somewhere/kernel.bin";
  request.initrd = "/somewhere/initrd.img";
  request.memory_map = {
      {{0, 0x9'fc00}, MemoryType::usable},
      {{0x9'fc00, 0x400}, MemoryType::reserved},
      {{0xf'0000, 0x1'0000}, MemoryType::reserved},
      {{MiB, kRam - MiB}, MemoryType::usable},
  };
  request.rsdp = 0xf'1230;
}

BootState TestMachine::load(const Bytes& kernel) {
  BytesSource source("kernel K", kernel);
  return load_guest(request, source, nullptr);
}

BootState TestMachine::load(const Bytes& kernel, const Bytes& initrd) {
  BytesSource source("kernel K", kernel);
  BytesSource initrd_source("initrd I", initrd);
  return load_guest(request, source, &initrd_source);
}

std::string TestMachine::refusal(const Bytes& kernel) {
  return error_of<ConfigError>([&] { load(kernel); });
}

std::string TestMachine::string_at(std::uint64_t address) const {
  std::string text;
  while (const char c = at<char>(address++))
    text.push_back(c);
  return text;
}

Range range_of(const BootState& state, std::string_view name) {
  for (const NamedRange& taken : state.ranges) {
    if (taken.name == name) return taken.range;
  }
  return {};
}

Bytes make_vmlinux() {
  return make_elf64({.address = kVmlinuxAt,
                     .virtual_address = 0xffff'ffff'8000'0000 + kVmlinuxAt,
                     .entry = kVmlinuxAt + 0x20,
                     .file_size = 0x3000,
                     .memory_size = 0x8000,
                     .notes = make_note("Linux", 0x100, Bytes(4))});
}

Bytes make_bzimage(const Bytes& payload) {
  setup_header header{};
  header.setup_sects = 1;
  header.boot_flag = 0xaa55;
  header.jump = 0x66eb;  // jmp over the header: it ends at 0x268
  header.header = 0x5372'6448;
  header.version = 0x20f;
  header.loadflags = LOADED_HIGH | CAN_USE_HEAP;
  header.initrd_addr_max = 0x7fff'ffff;
  header.kernel_alignment = 2 * MiB;
  header.relocatable_kernel = 1;
  header.xloadflags = XLF_KERNEL_64;
  header.cmdline_size = 2047;
  header.payload_offset = kBzImagePayloadAt;
  header.payload_length = static_cast<std::uint32_t>(payload.size() + 4);
  header.pref_address = kVmlinuxAt;
  header.init_size = 4 * MiB;
  const std::size_t kernel_size = (kBzImagePayloadAt + payload.size() + 4 + 15) / 16 * 16;
  header.syssize = static_cast<std::uint32_t>(kernel_size / 16);
  Bytes image(kBzImageKernelAt + kernel_size);
  patch(image, kSetupHeaderAt, header);
  for (std::size_t i = 0x200; i < kBzImagePayloadAt; ++i)
    image[kBzImageKernelAt + i] = std::byte{0x90};
  std::memcpy(image.data() + kBzImageKernelAt + kBzImagePayloadAt, payload.data(), payload.size());
  // The kernel's build appends the unpacked size to all formats but gzip: never to be believed.
  patch(image, kBzImageKernelAt + kBzImagePayloadAt + payload.size(), std::uint32_t{0xffff'fff0});
  return image;
}

void edit_setup(Bytes& bzimage, const std::function<void(setup_header&)>& edit) {
  setup_header header;
  std::memcpy(&header, bzimage.data() + kSetupHeaderAt, sizeof(header));
  edit(header);
  patch(bzimage, kSetupHeaderAt, header);
}

Bytes pvh_note(std::uint32_t entry) {
  Bytes description;
  patch(description, 0, entry);
  return make_note("Xen", 18, description);
}

void put_multiboot_header(Bytes& image, std::size_t offset, const MultibootWords& words) {
  const std::uint32_t checksum = 0U - words.magic - words.flags + words.checksum_error;
  const std::array<std::uint32_t, 8> header = {
      words.magic,        words.flags,    checksum,      words.header_address,
      words.load_address, words.load_end, words.bss_end, words.entry};
  patch(image, offset, header);
}

Bytes make_kludge_image(std::size_t size, const std::function<void(MultibootWords&)>& edit) {
  Bytes image = sample_data(size);
  MultibootWords words{.flags = 1U << 16,
                       .header_address = 0x10'0040,
                       .load_address = 0x10'0000,
                       .entry = 0x10'0060};
  if (edit) edit(words);
  put_multiboot_header(image, 0x40, words);
  return image;
}

}  // namespace skiff::test

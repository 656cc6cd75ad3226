// arm64 kernels: Image, packed, zboot, ELF; and broken ones.
#include <elf.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/boot/boot_images.h"
#include "vmm/base/bits.h"
#include "vmm/boot/aarch64/image_header.h"
#include "vmm/boot/aarch64/load_guest.h"

namespace skiff::arm64 {
namespace {

using test::Bytes;
using test::compress;
using test::error_of;
using test::patch;
using test::sample_data;
using testing::HasSubstr;

constexpr std::uint64_t kRam = GiB;
constexpr Range kRange{kRam, 16 * MiB};

struct HeaderOptions {
  std::uint64_t text_offset = 0;
  std::uint64_t size = 128 * KiB;
  std::uint64_t flags = 0xa;
};

Bytes make_image(const HeaderOptions& options = {}, std::size_t file_size = 100'000) {
  Bytes image = sample_data(file_size);
  patch<std::uint32_t>(image, 0, 0x14000010);
  patch<std::uint64_t>(image, 8, options.text_offset);
  patch<std::uint64_t>(image, 16, options.size);
  patch<std::uint64_t>(image, 24, options.flags);
  patch<std::uint32_t>(image, 56, 0x644d5241);
  return image;
}

Bytes make_zboot(const Bytes& payload) {
  Bytes file(512);
  patch<std::uint16_t>(file, 0, 0x5a4d);
  patch<std::uint32_t>(file, 4, 0x676d697a);
  patch<std::uint32_t>(file, 8, 512);
  patch<std::uint32_t>(file, 12, static_cast<std::uint32_t>(payload.size()));
  file.insert(file.end(), payload.begin(), payload.end());
  return file;
}

class Arm64LoadTest : public testing::Test {
 protected:
  BootState load(const Bytes& kernel, const Bytes& initrd = {}) {
    BytesSource kernel_source("kernel k", kernel);
    BytesSource initrd_source("initrd i", initrd);
    return load_guest({.memory = memory, .memory_is_zero = true}, kernel_source,
                      initrd.empty() ? nullptr : &initrd_source);
  }
  std::string refused(const Bytes& kernel) {
    return error_of<ConfigError>([&] { load(kernel); });
  }
  bool holds(std::uint64_t address, std::span<const std::byte> expected) {
    Bytes found(expected.size());
    return memory.read(GuestAddress(address), found) &&
           std::equal(found.begin(), found.end(), expected.begin());
  }

  GuestMemory memory{std::span(&kRange, 1), {.huge_pages = HugePages::off, .shared = false}};
};

TEST_F(Arm64LoadTest, ImageLiesAtTheStartOfRamPlusItsOffset) {
  const Bytes plain = make_image();
  EXPECT_EQ(load(plain).pc, kRam);
  EXPECT_TRUE(holds(kRam, plain));
  const Bytes moved = make_image({.text_offset = 0x8'0000});
  EXPECT_EQ(load(moved).pc, kRam + 0x8'0000);
  EXPECT_TRUE(holds(kRam + 0x8'0000, moved));
}

// booting.rst: before 3.17 the size is zero and the offset is 0x80000.
TEST_F(Arm64LoadTest, OldImageHasTheOldOffset) {
  EXPECT_EQ(load(make_image({.text_offset = 0x1234'5678, .size = 0})).pc, kRam + 0x8'0000);
}

TEST_F(Arm64LoadTest, PackedImagesAreUnpackedInPlace) {
  const Bytes image = make_image();
  for (const auto compression : {Compression::gzip, Compression::zstd, Compression::xz}) {
    const BootState state = load(compress(compression, image));
    EXPECT_EQ(state.pc, kRam);
    EXPECT_TRUE(holds(kRam, image));
    EXPECT_THAT(state.description, HasSubstr(std::string(compression_name(compression))));
  }
}

TEST_F(Arm64LoadTest, ZbootIsUnpacked) {
  const Bytes image = make_image();
  const BootState state = load(make_zboot(compress(Compression::gzip, image)));
  EXPECT_EQ(state.pc, kRam);
  EXPECT_TRUE(holds(kRam, image));
  EXPECT_THAT(state.description, HasSubstr("zboot"));
}

TEST_F(Arm64LoadTest, ElfIsEnteredAtItsPhysicalAddress) {
  Bytes elf = test::make_elf64({.address = kRam + 0x1000,
                                .virtual_address = 0xffff'8000'0000'0000,
                                .entry = 0xffff'8000'0000'0010});
  patch<std::uint16_t>(elf, 18, EM_AARCH64);
  EXPECT_EQ(load(elf).pc, kRam + 0x1010);
}

TEST_F(Arm64LoadTest, InitrdAndDeviceTreeAreApartFromTheKernel) {
  const Bytes initrd = sample_data(300'000);
  const BootState state = load(make_image(), initrd);
  EXPECT_TRUE(holds(state.initrd.start, initrd));
  EXPECT_EQ(state.initrd.size, initrd.size());
  EXPECT_EQ(state.device_tree % 8, 0U);
  const Range tree{state.device_tree, kMaxDeviceTree};
  EXPECT_TRUE(kRange.contains(tree));
  EXPECT_FALSE(tree.overlaps(state.initrd));
  EXPECT_FALSE(tree.overlaps({state.pc, 128 * KiB}));
}

TEST_F(Arm64LoadTest, BrokenKernelsAreRefused) {
  const Bytes image = make_image();
  Bytes x86_elf = test::make_elf64({.address = kRam, .virtual_address = kRam, .entry = kRam});
  Bytes odd_elf = test::make_elf64({.address = kRam, .virtual_address = kRam, .entry = kRam + 2});
  patch<std::uint16_t>(odd_elf, 18, EM_AARCH64);
  Bytes cut_zboot = make_zboot(compress(Compression::gzip, image));
  cut_zboot.resize(cut_zboot.size() - 1);
  Bytes cut_gzip = compress(Compression::gzip, image);
  cut_gzip.resize(cut_gzip.size() / 2);
  Bytes odd_zboot = make_zboot(test::to_bytes("not packed at all, not packed at all"));
  const struct {
    Bytes kernel;
    const char* said;
  } cases[] = {
      {{}, "no kernel for arm64"},
      {test::to_bytes("hello"), "no kernel for arm64"},
      {make_image({.flags = 1}), "big-endian"},
      {make_image({.text_offset = 2 * MiB}), "text offset"},
      {make_image({.text_offset = 2}), "text offset"},
      {make_image({.size = 17 * MiB}), "no room for kernel"},
      {make_image({.size = ~0ULL}), "no room for kernel"},
      {make_image({.size = ~0ULL - 4095, .flags = 2}), "no room for kernel"},
      {compress(Compression::gzip, make_image({.size = 0})), "does not say how large"},
      {compress(Compression::gzip, make_image({.size = 10})), "image size"},
      {compress(Compression::gzip, make_image({.size = 5000})), "unpacks to more"},
      {compress(Compression::gzip, sample_data(5000)), "no arm64 Image"},
      {cut_gzip, "gzip"},
      {cut_zboot, "past its end"},
      {odd_zboot, "does not know"},
      {x86_elf, "x86"},
      {odd_elf, "multiple of 4"},
  };
  for (const auto& one : cases)
    EXPECT_THAT(refused(one.kernel), HasSubstr(one.said));
}

TEST_F(Arm64LoadTest, CutHeadersAreNoImages) {
  const Bytes image = make_image();
  for (std::size_t length = 0; length < kImageHeaderSize; ++length) {
    EXPECT_FALSE(parse_image_header(std::span(image).first(length), "k")) << length;
  }
  const Bytes zboot = make_zboot(Bytes(100));
  for (std::size_t length = 8; length < 16; ++length) {
    EXPECT_THROW(parse_zboot_header(std::span(zboot).first(length), zboot.size(), "k"),
                 ConfigError);
  }
}

}  // namespace
}  // namespace skiff::arm64

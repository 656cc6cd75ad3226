#include "vmm/boot/decompress.h"

#include <algorithm>

#include "tests/unit/boot/boot_images.h"
#include "vmm/base/bits.h"

namespace skiff {
namespace {

using test::Bytes;
using test::error_of;
using ::testing::AnyOf;
using ::testing::HasSubstr;

class DecompressTest : public ::testing::TestWithParam<Compression> {
 protected:
  static DecodedSource decode(BytesSource& packed, std::uint64_t limit = 64 * MiB) {
    return DecodedSource("payload",
                         make_decoder(GetParam(), PackedInput(packed, 0, *packed.size())), limit);
  }
  static std::string refusal(const Bytes& packed) {
    BytesSource source("kernel K", packed);
    return error_of<ConfigError>([&] {
      DecodedSource decoded = decode(source);
      std::vector<std::byte> out(kSize);
      decoded.read(0, out);
    });
  }

  // More than one LZ4 block and many input pieces.
  static constexpr std::size_t kSize = 9 * MiB + 123;
  const Bytes data_ = test::sample_data(kSize);
  const Bytes packed_ = test::compress(GetParam(), data_);
};

TEST_P(DecompressTest, IsDetected) {
  EXPECT_EQ(detect_compression(packed_), GetParam());
  EXPECT_EQ(detect_compression(std::span(packed_).first(1)), std::nullopt);
}

TEST_P(DecompressTest, UnpacksInPiecesOfAnySize) {
  BytesSource source("kernel K", packed_);
  DecodedSource decoded = decode(source);
  std::vector<std::byte> out(kSize);
  std::size_t offset = 0;
  // Within the head, across its end, small, a whole LZ4 block at once, the rest.
  for (const std::size_t piece : {100UL, 70'000UL, 1UL, 8 * MiB + 5, kSize}) {
    const std::size_t size = std::min(piece, kSize - offset);
    decoded.read(offset, std::span(out).subspan(offset, size));
    offset += size;
  }
  EXPECT_EQ(out, data_);
}

TEST_P(DecompressTest, SkipsGapsAndRereadsItsHead) {
  BytesSource source("kernel K", packed_);
  DecodedSource decoded = decode(source);
  std::vector<std::byte> out(1000);
  for (const std::size_t offset : {5000UL, 10UL, 3'000'000UL, kSize - 1000}) {
    decoded.read(offset, out);
    EXPECT_TRUE(std::ranges::equal(out, std::span(data_).subspan(offset, 1000))) << offset;
  }
  EXPECT_THAT(error_of<ConfigError>([&] { decoded.read(100'000, out); }), HasSubstr("in one go"));
}

TEST_P(DecompressTest, UnpacksWhole) {
  BytesSource source("kernel K", packed_);
  EXPECT_EQ(decode(source).read_all(), data_);
}

TEST_P(DecompressTest, IgnoresWhatFollows) {
  Bytes packed = packed_;
  test::patch(packed, packed.size(), static_cast<std::uint32_t>(kSize));
  BytesSource source("kernel K", packed);
  EXPECT_EQ(decode(source).read_all(), data_);
}

TEST_P(DecompressTest, StopsAtTheLimit) {
  const Bytes bomb = test::compress(GetParam(), Bytes(48 * MiB));
  EXPECT_LT(bomb.size(), MiB);
  BytesSource source("kernel K", bomb);
  DecodedSource whole = decode(source, 8 * MiB);
  EXPECT_THAT(error_of<ConfigError>([&] { whole.read_all(); }), HasSubstr("more than 8 MiB"));
  DecodedSource part = decode(source, 8 * MiB);
  std::byte out[16];
  EXPECT_THAT(error_of<ConfigError>([&] { part.read(8 * MiB - 15, out); }),
              HasSubstr("more than 8 MiB"));
  EXPECT_THAT(error_of<ConfigError>([&] { part.read(~0ULL - 4, out); }),
              HasSubstr("more than 8 MiB"));
}

TEST_P(DecompressTest, TruncatedAnywhereIsRefused) {
  const Bytes small = test::compress(GetParam(), std::span(data_).first(3000));
  for (std::size_t size = 0; size < small.size(); ++size) {
    BytesSource source("kernel K", std::span(small).first(size));
    std::vector<std::byte> out(3000);
    // The last bytes are checksums: what they protect may be out before they are missed.
    try {
      decode(source).read(0, out);
      EXPECT_GE(size + 24, small.size()) << size;
      EXPECT_TRUE(std::ranges::equal(out, std::span(data_).first(3000)));
    } catch (const ConfigError& error) {
      EXPECT_THAT(error.what(), AnyOf(HasSubstr("cut short"), HasSubstr("magic"))) << size;
    }
  }
}

TEST_P(DecompressTest, DamagedIsRefusedOrHarmless) {
  for (std::size_t at = 0; at < std::min<std::size_t>(packed_.size(), 200); ++at) {
    Bytes damaged = packed_;
    damaged[at] ^= std::byte{0xff};
    BytesSource source("kernel K", damaged);
    std::vector<std::byte> out(100'000);
    try {
      decode(source).read(0, out);
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("payload"));
    }
  }
}

TEST_P(DecompressTest, AllOnesAfterTheMagicIsRefused) {
  Bytes garbage(packed_.begin(), packed_.begin() + 6);
  garbage.resize(4000, std::byte{0xff});
  EXPECT_THAT(refusal(garbage), HasSubstr("payload"));
}

INSTANTIATE_TEST_SUITE_P(Formats, DecompressTest,
                         ::testing::Values(Compression::gzip, Compression::bzip2, Compression::lzma,
                                           Compression::xz, Compression::lz4, Compression::zstd),
                         [](const auto& format) {
                           return std::string(compression_name(format.param));
                         });

TEST(Decompress, KnowsLzoButDoesNotUnpackIt) {
  const Bytes lzo = test::to_bytes("\x89LZO\n\r\x1a\n");
  EXPECT_EQ(detect_compression(lzo), Compression::lzo);
  EXPECT_FALSE(can_decompress(Compression::lzo));
  BytesSource source("kernel K", lzo);
  EXPECT_THAT(error_of<ConfigError>(
                  [&] { make_decoder(Compression::lzo, PackedInput(source, 0, *source.size())); }),
              HasSubstr("lzo"));
}

TEST(Decompress, Lz4BlockSizeIsNotBelieved) {
  for (const std::uint32_t size : {0x7fff'ffffU, 0xffff'ffffU, 0x0090'0000U, 100U}) {
    Bytes packed = test::to_bytes("\x02\x21\x4c\x18");
    test::patch(packed, 4, size);
    packed.resize(64);
    BytesSource source("kernel K", packed);
    EXPECT_THAT(error_of<ConfigError>([&] {
                  DecodedSource("payload",
                                make_decoder(Compression::lz4, PackedInput(source, 0, 64)), MiB);
                }),
                AnyOf(HasSubstr("damaged"), HasSubstr("cut short")));
  }
}

}  // namespace
}  // namespace skiff

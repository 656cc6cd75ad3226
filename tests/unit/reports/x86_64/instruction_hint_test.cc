#include "vmm/board/x86_64/instruction_hint.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "vmm/kvm/x86_64/cpu_features.h"

namespace skiff {
namespace {

struct Case {
  std::vector<std::uint8_t> bytes;
  std::string name;
  std::string feature;
  CpuMode mode = CpuMode::long64;
};

const Case kCases[] = {
    {{0xf0, 0x48, 0x0f, 0xc7, 0x0e}, "cmpxchg16b", "cx16"},
    {{0xf0, 0x65, 0x48, 0x0f, 0xc7, 0x4d, 0x00}, "cmpxchg16b", "cx16"},
    {{0x0f, 0xc7, 0x0e}, "cmpxchg8b", "cx8"},
    {{0x48, 0x0f, 0xae, 0x27}, "xsave", "xsave"},
    {{0x48, 0x0f, 0xae, 0x2f}, "xrstor", "xsave"},
    {{0x48, 0x0f, 0xae, 0x37}, "xsaveopt", "xsaveopt"},
    {{0x48, 0x0f, 0xc7, 0x27}, "xsavec", "xsavec"},
    {{0x48, 0x0f, 0xc7, 0x2f}, "xsaves", "xsaves"},
    {{0x48, 0x0f, 0xc7, 0x1f}, "xrstors", "xsaves"},
    {{0x0f, 0x01, 0xd0}, "xgetbv", "xsave"},
    {{0x0f, 0x01, 0xd1}, "xsetbv", "xsave"},
    {{0xcc}, "int3", ""},
    {{0xcd, 0x80}, "int", ""},
    {{0x48, 0xcf}, "iret", ""},
    {{0x0f, 0x01, 0xca}, "clac", "smap"},
    {{0x0f, 0x01, 0xcb}, "stac", "smap"},
    {{0xf3, 0x48, 0x0f, 0xb8, 0xc7}, "popcnt", "popcnt"},
    {{0xf3, 0x48, 0x0f, 0xbc, 0xc7}, "tzcnt", "bmi1"},
    {{0xf3, 0x48, 0x0f, 0xbd, 0xc7}, "lzcnt", "abm"},
    {{0xf3, 0x48, 0x0f, 0xae, 0xc0}, "rdfsbase", "fsgsbase"},
    {{0xf3, 0x48, 0x0f, 0xae, 0xd8}, "wrgsbase", "fsgsbase"},
    {{0x0f, 0xae, 0xe8}, "lfence", ""},
    {{0x66, 0x0f, 0xae, 0x3f}, "clflushopt", "clflushopt"},
    {{0x0f, 0xae, 0x3f}, "clflush", "clflush"},
    {{0x0f, 0xc7, 0xf0}, "rdrand", "rdrand"},
    {{0x0f, 0xc7, 0xf8}, "rdseed", "rdseed"},
    {{0xf3, 0x0f, 0xc7, 0xf8}, "rdpid", "rdpid"},
    {{0x0f, 0x38, 0xf0, 0x07}, "movbe", "movbe"},
    {{0xf2, 0x48, 0x0f, 0x38, 0xf1, 0xc7}, "crc32", "sse4_2"},
    {{0x66, 0xf2, 0x0f, 0x38, 0xf1, 0xc7}, "crc32", "sse4_2"},
    {{0x66, 0x48, 0x0f, 0x38, 0xf6, 0xc1}, "adcx", "adx"},
    {{0x66, 0x0f, 0x38, 0x82, 0x08}, "invpcid", "invpcid"},
    {{0x66, 0x0f, 0x38, 0xdc, 0xc1}, "an AES instruction", "aes"},
    {{0x66, 0x0f, 0x3a, 0x44, 0xc1, 0x00}, "pclmulqdq", "pclmulqdq"},
    {{0x66, 0x0f, 0x38, 0x00, 0xc1}, "an SSSE3 instruction", "ssse3"},
    {{0x66, 0x0f, 0x38, 0x17, 0xc1}, "an SSE4.1 instruction", "sse4_1"},
    {{0x66, 0x0f, 0x6f, 0x07}, "an SSE instruction", ""},
    {{0x0f, 0x6f, 0x07}, "an MMX instruction", "mmx"},
    {{0x0f, 0x28, 0xc1}, "an SSE instruction", ""},
    {{0xdb, 0xe3}, "an x87 instruction", ""},
    {{0x0f, 0x01, 0xef}, "wrpkru", "pku"},
    {{0x0f, 0x01, 0xf9}, "rdtscp", "rdtscp"},
    {{0x0f, 0x0b}, "ud2", ""},
    {{0xc5, 0xfd, 0x6f, 0x07}, "an AVX instruction", "avx"},
    {{0xc4, 0xe2, 0x7d, 0x78, 0xc0}, "an AVX instruction", "avx"},
    {{0xc4, 0xe2, 0x78, 0xf2, 0xc1}, "andn", "bmi1"},
    {{0xc4, 0xe2, 0xfb, 0xf7, 0xc0}, "sarx, shlx or shrx", "bmi2"},
    {{0xc4, 0xe3, 0xfb, 0xf0, 0xc0, 0x05}, "rorx", "bmi2"},
    {{0xc4, 0xe2, 0xf1, 0x98, 0xc2}, "an FMA instruction", "fma"},
    {{0x62, 0xf1, 0x7d, 0x48, 0x6f, 0x07}, "an AVX-512 instruction", "avx512f"},
    // In 32-bit mode 40 to 4F are INC and DEC, C5 and 62 LDS and BOUND unless the next byte says
    // so.
    {{0xc5, 0xfd, 0x6f, 0x07}, "an AVX instruction", "avx", CpuMode::protected32},
    {{0xc5, 0x3d, 0x00, 0x00}, "", "", CpuMode::protected32},
    {{0x48, 0x0f, 0x0b}, "", "", CpuMode::protected32},
    {{0xc5, 0xfd, 0x6f, 0x07}, "", "", CpuMode::real},
    // Nothing special, or too short.
    {{0x48, 0x89, 0xe5}, "", ""},
    {{0x90}, "", ""},
    {{}, "", ""},
    {{0xf0, 0x48}, "", ""},
    {{0x0f}, "", ""},
    {{0x0f, 0xc7}, "", ""},
    {{0x66, 0x0f, 0x38}, "", ""},
    {{0xc4, 0xe2}, "", ""},
    {{0x62, 0xf1, 0x7d, 0x48}, "", ""},
};

TEST(InstructionHint, Table) {
  for (const Case& wanted : kCases) {
    std::string bytes;
    for (const unsigned byte : wanted.bytes)
      bytes += std::to_string(byte) + " ";
    const auto hint = recognise_instruction(wanted.bytes, wanted.mode);
    EXPECT_EQ(hint ? hint->name : "", wanted.name) << bytes;
    EXPECT_EQ(hint ? hint->feature : "", wanted.feature) << bytes;
  }
}

// A hint that names a feature which cpu.hide refuses would send people in a circle.
TEST(InstructionHint, EveryFeatureIsOneThatCanBeHidden) {
  for (unsigned prefix : {0x00U, 0x66U, 0xf2U, 0xf3U}) {
    for (unsigned map = 0; map < 4; ++map) {
      for (unsigned opcode = 0; opcode < 256; ++opcode) {
        for (unsigned modrm = 0; modrm < 256; ++modrm) {
          const DecodedOpcode op{.map = static_cast<OpcodeMap>(map),
                                 .opcode = static_cast<std::uint8_t>(opcode),
                                 .modrm = static_cast<std::uint8_t>(modrm),
                                 .prefix = static_cast<std::uint8_t>(prefix),
                                 .rex_w = (modrm & 1) != 0,
                                 .is_vex = (modrm & 2) != 0};
          const auto hint = look_up(op);
          if (!hint || hint->feature.empty()) continue;
          ASSERT_NE(find_cpu_feature(hint->feature), nullptr) << hint->feature;
        }
      }
    }
  }
}

// Guest bytes of any kind: no read past their end (the sanitizers watch), no crash.
TEST(InstructionHint, AnyBytesOfAnyLength) {
  std::uint32_t seed = 1;
  std::vector<std::uint8_t> bytes;
  for (int round = 0; round < 200'000; ++round) {
    bytes.clear();
    const unsigned length = static_cast<unsigned>(round) % 18;
    for (unsigned at = 0; at < length; ++at) {
      seed = seed * 1664525 + 1013904223;
      constexpr std::uint8_t kLikely[] = {0x66, 0xf2, 0x48, 0x0f, 0x38, 0xc4, 0xc5, 0x62};
      bytes.push_back((seed >> 30) == 0 ? kLikely[seed >> 24 & 7]
                                        : static_cast<std::uint8_t>(seed >> 16));
    }
    bytes.shrink_to_fit();
    recognise_instruction(bytes, static_cast<CpuMode>(round % 6));
  }
}

}  // namespace
}  // namespace skiff

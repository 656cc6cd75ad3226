// The table behind recognise_instruction: first match wins.
#include <iterator>

#include "vmm/board/x86_64/instruction_hint.h"

namespace skiff {
namespace {

using enum OpcodeMap;

constexpr std::uint8_t kNo = 0;      // no prefix of 66, F2, F3
constexpr std::uint8_t kAny = 0xff;  // any or none

// What the byte after the opcode must be.
struct ModRm {
  enum class Rule : std::uint8_t { any, exact, memory, registers } rule = Rule::any;
  std::uint8_t value = 0;  // exact: the byte; others: the reg field
};
constexpr ModRm any() {
  return {};
}
constexpr ModRm exact(std::uint8_t byte) {
  return {ModRm::Rule::exact, byte};
}
constexpr ModRm mem(std::uint8_t reg) {
  return {ModRm::Rule::memory, reg};
}
constexpr ModRm regs(std::uint8_t reg) {
  return {ModRm::Rule::registers, reg};
}

struct Row {
  OpcodeMap map;
  std::uint8_t first, last;  // opcodes, both inclusive
  std::uint8_t prefix;
  ModRm modrm;
  InstructionHint hint;
  bool needs_rex_w = false;
};

constexpr Row kLegacy[] = {
    {one_byte, 0xcc, 0xcc, kAny, any(), {"int3", "", ""}},
    {one_byte, 0xf1, 0xf1, kAny, any(), {"int1", "", ""}},
    {one_byte, 0xcd, 0xcd, kAny, any(), {"int", "", ""}},
    {one_byte, 0xcf, 0xcf, kAny, any(), {"iret", "", ""}},
    {one_byte, 0xca, 0xcb, kAny, any(), {"lret", "", ""}},
    {one_byte, 0xf4, 0xf4, kAny, any(), {"hlt", "", ""}},
    {one_byte, 0xc7, 0xc7, kAny, exact(0xf8), {"xbegin", "rtm", "tsx=off"}},
    {one_byte, 0xc6, 0xc6, kAny, exact(0xf8), {"xabort", "rtm", "tsx=off"}},
    {one_byte, 0xd8, 0xdf, kAny, any(), {"an x87 instruction", "", ""}},
    {one_byte, 0x9b, 0x9b, kAny, any(), {"fwait", "", ""}},

    {two_byte, 0x0b, 0x0b, kAny, any(), {"ud2", "", ""}},
    {two_byte, 0xb9, 0xb9, kAny, any(), {"ud1", "", ""}},
    {two_byte, 0xff, 0xff, kAny, any(), {"ud0", "", ""}},

    {two_byte, 0xc7, 0xc7, kAny, mem(1), {"cmpxchg16b", "cx16", ""}, true},
    {two_byte, 0xc7, 0xc7, kAny, mem(1), {"cmpxchg8b", "cx8", ""}},
    {two_byte, 0xc7, 0xc7, kAny, mem(3), {"xrstors", "xsaves", "noxsaves"}},
    {two_byte, 0xc7, 0xc7, kAny, mem(4), {"xsavec", "xsavec", "noxsave"}},
    {two_byte, 0xc7, 0xc7, kAny, mem(5), {"xsaves", "xsaves", "noxsaves"}},
    {two_byte, 0xc7, 0xc7, 0xf3, regs(7), {"rdpid", "rdpid", ""}},
    {two_byte, 0xc7, 0xc7, kAny, regs(6), {"rdrand", "rdrand", ""}},
    {two_byte, 0xc7, 0xc7, kAny, regs(7), {"rdseed", "rdseed", ""}},

    {two_byte, 0xae, 0xae, 0xf3, regs(0), {"rdfsbase", "fsgsbase", "nofsgsbase"}},
    {two_byte, 0xae, 0xae, 0xf3, regs(1), {"rdgsbase", "fsgsbase", "nofsgsbase"}},
    {two_byte, 0xae, 0xae, 0xf3, regs(2), {"wrfsbase", "fsgsbase", "nofsgsbase"}},
    {two_byte, 0xae, 0xae, 0xf3, regs(3), {"wrgsbase", "fsgsbase", "nofsgsbase"}},
    {two_byte, 0xae, 0xae, 0xf3, regs(6), {"umonitor", "waitpkg", ""}},
    {two_byte, 0xae, 0xae, 0xf2, regs(6), {"umwait", "waitpkg", ""}},
    {two_byte, 0xae, 0xae, 0x66, regs(6), {"tpause", "waitpkg", ""}},
    {two_byte, 0xae, 0xae, 0x66, mem(6), {"clwb", "clwb", ""}},
    {two_byte, 0xae, 0xae, 0x66, mem(7), {"clflushopt", "clflushopt", ""}},
    {two_byte, 0xae, 0xae, kAny, mem(0), {"fxsave", "fxsr", ""}},
    {two_byte, 0xae, 0xae, kAny, mem(1), {"fxrstor", "fxsr", ""}},
    {two_byte, 0xae, 0xae, kAny, mem(2), {"ldmxcsr", "", ""}},
    {two_byte, 0xae, 0xae, kAny, mem(3), {"stmxcsr", "", ""}},
    {two_byte, 0xae, 0xae, kAny, mem(4), {"xsave", "xsave", "noxsave"}},
    {two_byte, 0xae, 0xae, kAny, mem(5), {"xrstor", "xsave", "noxsave"}},
    {two_byte, 0xae, 0xae, kAny, mem(6), {"xsaveopt", "xsaveopt", "noxsaveopt"}},
    {two_byte, 0xae, 0xae, kAny, mem(7), {"clflush", "clflush", ""}},
    {two_byte, 0xae, 0xae, kAny, regs(5), {"lfence", "", ""}},
    {two_byte, 0xae, 0xae, kAny, regs(6), {"mfence", "", ""}},
    {two_byte, 0xae, 0xae, kAny, regs(7), {"sfence", "", ""}},

    {two_byte, 0x01, 0x01, kAny, exact(0xca), {"clac", "smap", ""}},
    {two_byte, 0x01, 0x01, kAny, exact(0xcb), {"stac", "smap", ""}},
    {two_byte, 0x01, 0x01, kAny, exact(0xd0), {"xgetbv", "xsave", "noxsave"}},
    {two_byte, 0x01, 0x01, kAny, exact(0xd1), {"xsetbv", "xsave", "noxsave"}},
    {two_byte, 0x01, 0x01, kAny, exact(0xee), {"rdpkru", "pku", "nopku"}},
    {two_byte, 0x01, 0x01, kAny, exact(0xef), {"wrpkru", "pku", "nopku"}},
    {two_byte, 0x01, 0x01, kAny, exact(0xc8), {"monitor", "monitor", "idle=halt"}},
    {two_byte, 0x01, 0x01, kAny, exact(0xc9), {"mwait", "monitor", "idle=halt"}},
    {two_byte, 0x01, 0x01, kAny, exact(0xf9), {"rdtscp", "rdtscp", ""}},
    {two_byte, 0x01, 0x01, kAny, exact(0xfc), {"clzero", "clzero", ""}},
    {two_byte, 0x01, 0x01, kAny, exact(0xd5), {"xend", "rtm", "tsx=off"}},
    {two_byte, 0x01, 0x01, kAny, exact(0xd6), {"xtest", "rtm", "tsx=off"}},
    {two_byte, 0x01, 0x01, kAny, exact(0xe8), {"serialize", "serialize", ""}},
    {two_byte, 0x01, 0x01, kAny, exact(0xf8), {"swapgs", "", ""}},
    {two_byte, 0x01, 0x01, kAny, exact(0xc1), {"vmcall", "", ""}},
    {two_byte, 0x01, 0x01, kAny, exact(0xd9), {"vmmcall", "", ""}},
    {two_byte, 0x01, 0x01, kAny, exact(0xd8), {"vmrun", "svm", ""}},

    {two_byte, 0x05, 0x05, kAny, any(), {"syscall", "", ""}},
    {two_byte, 0x07, 0x07, kAny, any(), {"sysret", "", ""}},
    {two_byte, 0x34, 0x34, kAny, any(), {"sysenter", "sep", ""}},
    {two_byte, 0x35, 0x35, kAny, any(), {"sysexit", "sep", ""}},
    {two_byte, 0x30, 0x30, kAny, any(), {"wrmsr", "", ""}},
    {two_byte, 0x32, 0x32, kAny, any(), {"rdmsr", "", ""}},
    {two_byte, 0x33, 0x33, kAny, any(), {"rdpmc", "", ""}},
    {two_byte, 0xb8, 0xb8, 0xf3, any(), {"popcnt", "popcnt", ""}},
    {two_byte, 0xbc, 0xbc, 0xf3, any(), {"tzcnt", "bmi1", ""}},
    {two_byte, 0xbd, 0xbd, 0xf3, any(), {"lzcnt", "abm", ""}},
    {two_byte, 0x1e, 0x1e, 0xf3, exact(0xfa), {"endbr64", "ibt", "ibt=off"}},
    {two_byte, 0x1e, 0x1e, 0xf3, regs(1), {"rdssp", "shstk", "nousershstk"}},
    {two_byte, 0x40, 0x4f, kAny, any(), {"cmov", "", ""}},

    {map_0f38, 0xf0, 0xf1, 0xf2, any(), {"crc32", "sse4_2", ""}},
    {map_0f38, 0xf0, 0xf1, kNo, any(), {"movbe", "movbe", ""}},
    {map_0f38, 0xf0, 0xf1, 0x66, any(), {"movbe", "movbe", ""}},
    {map_0f38, 0xf6, 0xf6, 0x66, any(), {"adcx", "adx", ""}},
    {map_0f38, 0xf6, 0xf6, 0xf3, any(), {"adox", "adx", ""}},
    {map_0f38, 0xf8, 0xf8, 0x66, any(), {"movdir64b", "movdir64b", ""}},
    {map_0f38, 0xf8, 0xf8, 0xf2, any(), {"enqcmd", "enqcmd", ""}},
    {map_0f38, 0xf9, 0xf9, kNo, any(), {"movdiri", "movdiri", ""}},
    {map_0f38, 0x82, 0x82, 0x66, any(), {"invpcid", "invpcid", "noinvpcid"}},
    {map_0f38, 0xc8, 0xcd, kNo, any(), {"an SHA instruction", "sha_ni", ""}},
    {map_0f38, 0xcf, 0xcf, 0x66, any(), {"gf2p8mulb", "gfni", ""}},
    {map_0f38, 0xdb, 0xdf, 0x66, any(), {"an AES instruction", "aes", ""}},
    {map_0f38, 0x37, 0x37, 0x66, any(), {"pcmpgtq", "sse4_2", ""}},
    {map_0f38, 0x00, 0x0b, kAny, any(), {"an SSSE3 instruction", "ssse3", ""}},
    {map_0f38, 0x1c, 0x1e, kAny, any(), {"an SSSE3 instruction", "ssse3", ""}},
    {map_0f38, 0x10, 0x41, 0x66, any(), {"an SSE4.1 instruction", "sse4_1", ""}},

    {map_0f3a, 0x44, 0x44, 0x66, any(), {"pclmulqdq", "pclmulqdq", ""}},
    {map_0f3a, 0xdf, 0xdf, 0x66, any(), {"aeskeygenassist", "aes", ""}},
    {map_0f3a, 0xcc, 0xcc, kNo, any(), {"sha1rnds4", "sha_ni", ""}},
    {map_0f3a, 0xce, 0xcf, 0x66, any(), {"a GFNI instruction", "gfni", ""}},
    {map_0f3a, 0x60, 0x63, 0x66, any(), {"an SSE4.2 string instruction", "sse4_2", ""}},
    {map_0f3a, 0x0f, 0x0f, kAny, any(), {"palignr", "ssse3", ""}},
    {map_0f3a, 0x08, 0x42, 0x66, any(), {"an SSE4.1 instruction", "sse4_1", ""}},

    {two_byte, 0x77, 0x77, kNo, any(), {"emms", "mmx", ""}},
    {two_byte, 0x60, 0x7f, kNo, any(), {"an MMX instruction", "mmx", ""}},
    {two_byte, 0xd1, 0xfe, kNo, any(), {"an MMX instruction", "mmx", ""}},
    {two_byte, 0x10, 0x17, kAny, any(), {"an SSE instruction", "", ""}},
    {two_byte, 0x28, 0x2f, kAny, any(), {"an SSE instruction", "", ""}},
    {two_byte, 0x50, 0x7f, kAny, any(), {"an SSE instruction", "", ""}},
    {two_byte, 0xc2, 0xc6, kAny, any(), {"an SSE instruction", "", ""}},
    {two_byte, 0xd0, 0xfe, kAny, any(), {"an SSE instruction", "", ""}},
};

// VEX-encoded general-purpose instructions (BMI); every other one is AVX.
constexpr Row kVex[] = {
    {map_0f38, 0xf2, 0xf2, kNo, any(), {"andn", "bmi1", ""}},
    {map_0f38, 0xf3, 0xf3, kNo, any(), {"blsr, blsmsk or blsi", "bmi1", ""}},
    {map_0f38, 0xf7, 0xf7, kNo, any(), {"bextr", "bmi1", ""}},
    {map_0f38, 0xf5, 0xf5, kNo, any(), {"bzhi", "bmi2", ""}},
    {map_0f38, 0xf5, 0xf5, kAny, any(), {"pdep or pext", "bmi2", ""}},
    {map_0f38, 0xf6, 0xf6, 0xf2, any(), {"mulx", "bmi2", ""}},
    {map_0f38, 0xf7, 0xf7, kAny, any(), {"sarx, shlx or shrx", "bmi2", ""}},
    {map_0f3a, 0xf0, 0xf0, 0xf2, any(), {"rorx", "bmi2", ""}},
    {map_0f38, 0x96, 0xbf, 0x66, any(), {"an FMA instruction", "fma", ""}},
    {map_0f38, 0x13, 0x13, 0x66, any(), {"vcvtph2ps", "f16c", ""}},
    {map_0f3a, 0x1d, 0x1d, 0x66, any(), {"vcvtps2ph", "f16c", ""}},
};

bool matches(const ModRm& wanted, const std::optional<std::uint8_t>& modrm) {
  if (wanted.rule == ModRm::Rule::any) return true;
  if (!modrm) return false;
  if (wanted.rule == ModRm::Rule::exact) return *modrm == wanted.value;
  if ((*modrm >> 3 & 7) != wanted.value) return false;
  const bool is_register = *modrm >= 0xc0;
  return is_register == (wanted.rule == ModRm::Rule::registers);
}

template <std::size_t N>
const Row* find(const Row (&table)[N], const DecodedOpcode& op) {
  for (const Row& row : table) {
    if (row.map != op.map || op.opcode < row.first || op.opcode > row.last) continue;
    if (row.prefix != kAny && row.prefix != op.prefix) continue;
    if (row.needs_rex_w && !op.rex_w) continue;
    if (matches(row.modrm, op.modrm)) return &row;
  }
  return nullptr;
}

}  // namespace

std::optional<InstructionHint> look_up(const DecodedOpcode& op) {
  if (op.is_evex) return InstructionHint{"an AVX-512 instruction", "avx512f", ""};
  const Row* const row = op.is_vex ? find(kVex, op) : find(kLegacy, op);
  if (row != nullptr) return row->hint;
  if (op.is_vex) return InstructionHint{"an AVX instruction", "avx", ""};
  return std::nullopt;
}

}  // namespace skiff

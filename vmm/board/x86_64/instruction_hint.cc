#include "vmm/board/x86_64/instruction_hint.h"

namespace skiff {
namespace {

constexpr std::size_t kMaxLength = 15;  // a longer instruction is #GP (SDM 2, 2.3.11)

bool is_segment_or_lock(std::uint8_t byte) {
  return byte == 0x26 || byte == 0x2e || byte == 0x36 || byte == 0x3e || byte == 0x64 ||
         byte == 0x65 || byte == 0x67 || byte == 0xf0;
}

// C4, C5 and 62 are LES, LDS and BOUND outside 64-bit mode unless the next byte has mod = 11.
bool is_vector_prefix(std::span<const std::uint8_t> rest, CpuMode mode) {
  if (rest.size() < 2 || mode == CpuMode::real || mode == CpuMode::virtual_8086) return false;
  if (rest[0] != 0xc4 && rest[0] != 0xc5 && rest[0] != 0x62) return false;
  return mode == CpuMode::long64 || rest[1] >= 0xc0;
}

std::uint8_t prefix_of_pp(unsigned pp) {
  constexpr std::uint8_t kPrefixes[] = {0, 0x66, 0xf3, 0xf2};
  return kPrefixes[pp & 3];
}

OpcodeMap map_of(unsigned number) {
  if (number == 2) return OpcodeMap::map_0f38;
  if (number == 3) return OpcodeMap::map_0f3a;
  return OpcodeMap::two_byte;
}

void take_opcode(DecodedOpcode& op, std::span<const std::uint8_t> rest) {
  op.opcode = rest[0];
  if (rest.size() > 1) op.modrm = rest[1];
}

std::optional<DecodedOpcode> decode_vector(DecodedOpcode op, std::span<const std::uint8_t> rest) {
  const std::size_t prefix_size = rest[0] == 0xc5 ? 2 : rest[0] == 0xc4 ? 3 : 4;
  if (rest.size() <= prefix_size) return std::nullopt;
  op.is_vex = rest[0] != 0x62;
  op.is_evex = rest[0] == 0x62;
  op.map = prefix_size == 2 ? OpcodeMap::two_byte : map_of(rest[1] & (op.is_evex ? 7 : 31));
  op.prefix = prefix_of_pp(rest[prefix_size == 2 ? 1 : 2]);
  op.rex_w = prefix_size > 2 && (rest[2] & 0x80) != 0;
  take_opcode(op, rest.subspan(prefix_size));
  return op;
}

}  // namespace

std::optional<DecodedOpcode> decode_opcode(std::span<const std::uint8_t> bytes, CpuMode mode) {
  DecodedOpcode op;
  auto rest = bytes.first(bytes.size() < kMaxLength ? bytes.size() : kMaxLength);
  for (; !rest.empty(); rest = rest.subspan(1)) {
    const std::uint8_t byte = rest[0];
    if (byte == 0x66) {
      if (op.prefix == 0) op.prefix = byte;
    } else if (byte == 0xf2 || byte == 0xf3) {
      op.prefix = byte;  // F2 and F3 win over 66 (SDM 2, 2.1.2)
    } else if (!is_segment_or_lock(byte)) {
      break;
    }
  }
  if (is_vector_prefix(rest, mode)) return decode_vector(op, rest);
  if (mode == CpuMode::long64 && !rest.empty() && (rest[0] & 0xf0) == 0x40) {
    op.rex_w = (rest[0] & 8) != 0;
    rest = rest.subspan(1);
  }
  if (!rest.empty() && rest[0] == 0x0f) {
    op.map = OpcodeMap::two_byte;
    rest = rest.subspan(1);
    if (!rest.empty() && (rest[0] == 0x38 || rest[0] == 0x3a)) {
      op.map = rest[0] == 0x38 ? OpcodeMap::map_0f38 : OpcodeMap::map_0f3a;
      rest = rest.subspan(1);
    }
  }
  if (rest.empty()) return std::nullopt;
  take_opcode(op, rest);
  return op;
}

std::optional<InstructionHint> recognise_instruction(std::span<const std::uint8_t> bytes,
                                                     CpuMode mode) {
  const auto op = decode_opcode(bytes, mode);
  if (!op) return std::nullopt;
  return look_up(*op);
}

}  // namespace skiff

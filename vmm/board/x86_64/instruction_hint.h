// Recognises an instruction by its bytes, as far as it helps a person whom a host's KVM has refused
// it: its name, and the CPU feature without which a kernel would not have used it. Not a
// disassembler: instructions every guest needs are recognised only where a report has words for
// them.
// Sources: Intel SDM volume 2 (encodings, appendix A); AMD APM volume 3.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "vmm/board/x86_64/cpu_mode.h"

namespace skiff {

struct InstructionHint {
  std::string_view name;     // mnemonic, or a family: "an AVX instruction"
  std::string_view feature;  // for cpu.hide and clearcpuid=; empty: no feature stands for it
  std::string_view cmdline;  // a Linux parameter that avoids it; empty: none of its own
};

enum class OpcodeMap : std::uint8_t { one_byte, two_byte, map_0f38, map_0f3a };

struct DecodedOpcode {
  OpcodeMap map = OpcodeMap::one_byte;
  std::uint8_t opcode = 0;
  std::optional<std::uint8_t> modrm;  // the byte after the opcode, if there is one
  std::uint8_t prefix = 0;            // 0x66, 0xf2, 0xf3 (the one that decides) or 0
  bool rex_w = false;
  bool is_vex = false, is_evex = false;
};

// Prefixes, escape bytes and opcode. Nothing if the bytes end before the opcode.
std::optional<DecodedOpcode> decode_opcode(std::span<const std::uint8_t> bytes, CpuMode mode);

// Nothing for an instruction the table does not know, and for bytes that end too soon.
std::optional<InstructionHint> recognise_instruction(std::span<const std::uint8_t> bytes,
                                                     CpuMode mode);

// The table's answer for a decoded opcode (instruction_table.cc).
std::optional<InstructionHint> look_up(const DecodedOpcode& op);

}  // namespace skiff

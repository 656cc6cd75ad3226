// Words for PSTATE and ESR_ELx. Pure; ARM DDI 0487, C5.2 and D17.2.37 (ESR_EL1).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace skiff::arm64 {

// "EL1, D A I F masked": the exception level, or "AArch32", and what is masked.
inline std::string pstate_text(std::uint64_t pstate) {
  constexpr std::uint64_t kAArch32 = 1U << 4;
  std::string text = (pstate & kAArch32) != 0 ? "AArch32" : "EL";
  if ((pstate & kAArch32) == 0) text += static_cast<char>('0' + (pstate >> 2 & 3));
  const std::string_view kNames = "FIAD";  // bits 6 to 9
  std::string masked;
  for (unsigned bit = 4; bit-- > 0;) {
    if ((pstate >> (6 + bit) & 1) != 0) masked += std::string(" ") + kNames[bit];
  }
  return masked.empty() ? text + ", nothing masked" : text + "," + masked + " masked";
}

// By the exception class in bits 26 to 31.
constexpr std::string_view exception_class(std::uint64_t esr) {
  switch (esr >> 26 & 0x3f) {
    case 0x00:
      return "none, or an undefined instruction";
    case 0x01:
      return "trapped WFI or WFE";
    case 0x07:
      return "floating point or SIMD access";
    case 0x0e:
      return "illegal execution state";
    case 0x15:
      return "SVC";
    case 0x16:
      return "HVC";
    case 0x18:
      return "system register access";
    case 0x19:
      return "SVE access";
    case 0x1c:
      return "pointer authentication failure";
    case 0x20:
      return "instruction abort from EL0";
    case 0x21:
      return "instruction abort";
    case 0x22:
      return "misaligned PC";
    case 0x24:
      return "data abort from EL0";
    case 0x25:
      return "data abort";
    case 0x26:
      return "misaligned SP";
    case 0x2f:
      return "SError";
    case 0x30:
    case 0x31:
      return "breakpoint";
    case 0x32:
    case 0x33:
      return "software step";
    case 0x34:
    case 0x35:
      return "watchpoint";
    case 0x3c:
      return "BRK";
    default:
      return "another class";
  }
}

// Instruction and data aborts: FAR_EL1 has the address, unless the syndrome says that it has not.
constexpr bool is_abort(std::uint64_t esr) {
  const auto name = static_cast<unsigned>(esr >> 26 & 0x3f);
  return name == 0x20 || name == 0x21 || name == 0x24 || name == 0x25;
}

// What went wrong with an access: bits 0 to 5 of an abort's syndrome.
inline std::string fault_status(std::uint64_t esr) {
  static constexpr std::string_view kByLevel[] = {"address size", "translation", "access flag",
                                                  "permission"};
  const auto status = static_cast<unsigned>(esr & 0x3f);
  const auto level = [status] { return std::string(1, static_cast<char>('0' + (status & 3))); };
  if (status < 0x10) {
    return std::string(kByLevel[status >> 2]) + " fault, level " + level();
  }
  switch (status) {
    case 0x10:
      return "external abort";
    case 0x11:
      return "tag check fault";
    case 0x14:
    case 0x15:
    case 0x16:
    case 0x17:
      return "external abort on the walk, level " + level();
    case 0x21:
      return "alignment fault";
    case 0x2b:
      return "translation fault, level -1";
    case 0x30:
      return "TLB conflict";
    default:
      return "another fault";
  }
}

// "data abort, a write: permission fault, level 3": the class and what its syndrome tells.
inline std::string describe_exception(std::uint64_t esr) {
  constexpr std::uint64_t kWrite = 1U << 6, kOnWalk = 1U << 7, kCache = 1U << 8,
                          kNoAddress = 1U << 10;
  const auto name = static_cast<unsigned>(esr >> 26 & 0x3f);
  std::string text(exception_class(esr));
  const bool is_instruction = name == 0x20 || name == 0x21;
  const bool is_data = name == 0x24 || name == 0x25;
  if (is_data) {
    text += (esr & kCache) != 0   ? ", cache maintenance"
            : (esr & kWrite) != 0 ? ", a write"
                                  : ", a read";
  }
  if (is_data || is_instruction) {
    text += ": " + fault_status(esr);
    if ((esr & kOnWalk) != 0) text += ", in stage 2 of the walk";
    if ((esr & kNoAddress) != 0) text += ", FAR_EL1 is not its address";
  }
  if (name == 0x15 || name == 0x16 || name == 0x3c) text += " #" + std::to_string(esr & 0xffff);
  return text;
}

}  // namespace skiff::arm64

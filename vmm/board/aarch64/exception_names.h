// Words for PSTATE and ESR_ELx. Pure; ARM DDI 0487, C5.2 and D17.2.37.
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

}  // namespace skiff::arm64

// The registers of the PL011, by the names of ARM DDI 0183 (PrimeCell UART, r1p5), chapter 3.
#pragma once

#include <cstdint>

namespace skiff::pl011 {

// Offsets (table 3-1).
inline constexpr std::uint64_t kDr = 0x000;
inline constexpr std::uint64_t kRsr = 0x004;  // read; a write clears it (ECR)
inline constexpr std::uint64_t kFr = 0x018;
inline constexpr std::uint64_t kIlpr = 0x020;
inline constexpr std::uint64_t kIbrd = 0x024;
inline constexpr std::uint64_t kFbrd = 0x028;
inline constexpr std::uint64_t kLcrH = 0x02c;
inline constexpr std::uint64_t kCr = 0x030;
inline constexpr std::uint64_t kIfls = 0x034;
inline constexpr std::uint64_t kImsc = 0x038;
inline constexpr std::uint64_t kRis = 0x03c;
inline constexpr std::uint64_t kMis = 0x040;
inline constexpr std::uint64_t kIcr = 0x044;
inline constexpr std::uint64_t kDmacr = 0x048;
inline constexpr std::uint64_t kPeriphId0 = 0xfe0;
inline constexpr std::uint64_t kSize = 0x1000;

// UARTDR, 3.3.1: errors beside the character. UARTRSR has them in bits 0 to 3.
inline constexpr std::uint16_t kDrFe = 1U << 8;
inline constexpr std::uint16_t kDrPe = 1U << 9;
inline constexpr std::uint16_t kDrBe = 1U << 10;
inline constexpr std::uint16_t kDrOe = 1U << 11;

// UARTFR, 3.3.3.
inline constexpr std::uint16_t kFrCts = 1U << 0;
inline constexpr std::uint16_t kFrDsr = 1U << 1;
inline constexpr std::uint16_t kFrDcd = 1U << 2;
inline constexpr std::uint16_t kFrBusy = 1U << 3;
inline constexpr std::uint16_t kFrRxfe = 1U << 4;
inline constexpr std::uint16_t kFrTxff = 1U << 5;
inline constexpr std::uint16_t kFrRxff = 1U << 6;
inline constexpr std::uint16_t kFrTxfe = 1U << 7;
inline constexpr std::uint16_t kFrRi = 1U << 8;

// UARTLCR_H, 3.3.7.
inline constexpr std::uint16_t kLcrHFen = 1U << 4;

// UARTCR, 3.3.8.
inline constexpr std::uint16_t kCrUarten = 1U << 0;
inline constexpr std::uint16_t kCrLbe = 1U << 7;
inline constexpr std::uint16_t kCrTxe = 1U << 8;
inline constexpr std::uint16_t kCrRxe = 1U << 9;
inline constexpr std::uint16_t kCrDtr = 1U << 10;
inline constexpr std::uint16_t kCrRts = 1U << 11;
inline constexpr std::uint16_t kCrOut1 = 1U << 12;
inline constexpr std::uint16_t kCrOut2 = 1U << 13;
inline constexpr std::uint16_t kCrReset = kCrTxe | kCrRxe;
inline constexpr std::uint16_t kCrMask = 0xff87;  // bits 3 to 6 are reserved

// UARTIMSC, UARTRIS, UARTMIS, UARTICR, 3.3.10 to 3.3.13.
inline constexpr std::uint16_t kIntRi = 1U << 0;
inline constexpr std::uint16_t kIntCts = 1U << 1;
inline constexpr std::uint16_t kIntDcd = 1U << 2;
inline constexpr std::uint16_t kIntDsr = 1U << 3;
inline constexpr std::uint16_t kIntRx = 1U << 4;
inline constexpr std::uint16_t kIntTx = 1U << 5;
inline constexpr std::uint16_t kIntRt = 1U << 6;
inline constexpr std::uint16_t kIntFe = 1U << 7;
inline constexpr std::uint16_t kIntPe = 1U << 8;
inline constexpr std::uint16_t kIntBe = 1U << 9;
inline constexpr std::uint16_t kIntOe = 1U << 10;
inline constexpr std::uint16_t kIntMask = 0x7ff;

inline constexpr std::uint16_t kIflsReset = 0x12;  // both at one half

}  // namespace skiff::pl011

// The registers of the PC16550D, by the names of National Semiconductor's data sheet
// (TL/C/8652, June 1995), table II and section 8.
#pragma once

#include <cstdint>

namespace skiff::uart_16550 {

// Offsets; 0 and 1 are the divisor latch while LCR.DLAB is set.
inline constexpr std::uint64_t kRbr = 0;  // receiver buffer (read)
inline constexpr std::uint64_t kThr = 0;  // transmitter holding (write)
inline constexpr std::uint64_t kDll = 0;
inline constexpr std::uint64_t kIer = 1;
inline constexpr std::uint64_t kDlm = 1;
inline constexpr std::uint64_t kIir = 2;  // read
inline constexpr std::uint64_t kFcr = 2;  // write
inline constexpr std::uint64_t kLcr = 3;
inline constexpr std::uint64_t kMcr = 4;
inline constexpr std::uint64_t kLsr = 5;
inline constexpr std::uint64_t kMsr = 6;
inline constexpr std::uint64_t kScr = 7;
inline constexpr std::uint64_t kRegisterCount = 8;

// Interrupt enable register, 8.7.
inline constexpr std::uint8_t kIerErbfi = 0x01;  // received data available, time-out
inline constexpr std::uint8_t kIerEtbei = 0x02;  // transmitter holding register empty
inline constexpr std::uint8_t kIerElsi = 0x04;   // receiver line status
inline constexpr std::uint8_t kIerEdssi = 0x08;  // modem status
inline constexpr std::uint8_t kIerMask = 0x0f;

// Interrupt identification register, 8.6 and table IV; in order of priority.
inline constexpr std::uint8_t kIirLineStatus = 0x06;
inline constexpr std::uint8_t kIirDataAvailable = 0x04;
inline constexpr std::uint8_t kIirTimeout = 0x0c;  // FIFO mode only
inline constexpr std::uint8_t kIirThrEmpty = 0x02;
inline constexpr std::uint8_t kIirModemStatus = 0x00;
inline constexpr std::uint8_t kIirNone = 0x01;
inline constexpr std::uint8_t kIirFifosEnabled = 0xc0;

// FIFO control register, 8.5.
inline constexpr std::uint8_t kFcrEnable = 0x01;
inline constexpr std::uint8_t kFcrResetReceive = 0x02;
inline constexpr std::uint8_t kFcrKept = 0xc9;  // enable, DMA mode, trigger; the resets clear
                                                // themselves

// Line control register, 8.1.
inline constexpr std::uint8_t kLcrDlab = 0x80;

// Modem control register, 8.8.
inline constexpr std::uint8_t kMcrDtr = 0x01;
inline constexpr std::uint8_t kMcrRts = 0x02;
inline constexpr std::uint8_t kMcrOut1 = 0x04;
inline constexpr std::uint8_t kMcrOut2 = 0x08;
inline constexpr std::uint8_t kMcrLoop = 0x10;
inline constexpr std::uint8_t kMcrMask = 0x1f;

// Line status register, 8.4.
inline constexpr std::uint8_t kLsrDr = 0x01;
inline constexpr std::uint8_t kLsrOe = 0x02;
inline constexpr std::uint8_t kLsrFe = 0x08;
inline constexpr std::uint8_t kLsrBi = 0x10;
inline constexpr std::uint8_t kLsrThre = 0x20;
inline constexpr std::uint8_t kLsrTemt = 0x40;
inline constexpr std::uint8_t kLsrFifoError = 0x80;

// Modem status register, 8.9.
inline constexpr std::uint8_t kMsrDcts = 0x01;
inline constexpr std::uint8_t kMsrDdsr = 0x02;
inline constexpr std::uint8_t kMsrTeri = 0x04;
inline constexpr std::uint8_t kMsrDdcd = 0x08;
inline constexpr std::uint8_t kMsrCts = 0x10;
inline constexpr std::uint8_t kMsrDsr = 0x20;
inline constexpr std::uint8_t kMsrRi = 0x40;
inline constexpr std::uint8_t kMsrDcd = 0x80;

}  // namespace skiff::uart_16550

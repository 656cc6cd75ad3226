// Where everything lies in the guest-physical and port address spaces of the PC board.
//
//   0x0000'0000'0000  +--------------------------------------------------+
//                     | RAM (conventional memory)                        |
//   0x0000'0009'fc00  |  extended BIOS data area: reserved, empty        |
//   0x0000'000a'0000  |  legacy video hole: no guest looks, plain RAM    |
//   0x0000'000e'0000  |  ACPI tables (RSDP at the start), reserved       |
//   0x0000'0010'0000  | RAM: the kernel from 1 MiB                       |
//                     |  ... up to machine.memory, at most 3 GiB         |
//   0x0000'c000'0000  +--------------------------------------------------+
//                     | 32-bit PCI window (512 MiB)                      |
//   0x0000'e000'0000  | ECAM of PCI bus 0 (1 MiB)                        |
//   0x0000'e010'0000  | virtio-mmio, 4 KiB each (128 KiB)                |
//   0x0000'e012'0000  | debug register (4 bytes), with debug.coalesced   |
//   0x0000'fec0'0000  | IOAPIC                                           |
//   0x0000'fee0'0000  | local APICs, message interrupts                  |
//   0x0000'fffb'c000  | KVM's identity map page, then its TSS (3 pages)  |
//   0x0001'0000'0000  +--------------------------------------------------+
//                     | RAM above 4 GiB: what the first 3 GiB did not    |
//                     | hold                                             |
//   end, up to 1 GiB  +--------------------------------------------------+
//                     | 64-bit PCI window (64 GiB, less where the        |
//                     | processor's physical addresses end)              |
//                     +--------------------------------------------------+
//
//   ports   0x0060, 0x0064  i8042            0x03f8 ...  16550 COM1..COM4
//           0x0070, 0x0071  RTC, CMOS        0x0402      debug text
//           0x0080          POST code        0x0505      pvpanic
//           0x01f0 ..., 0x03f6, 0x0170 ..., 0x0376: IDE, where a disk has that face
//           0x00e9          debug text       0x0600      ACPI PM1a event and control
//           0x00f4          debug exit       0x0cf8 ...  PCI configuration, 0xcf9 reset control
//           0x1000-0xffff   PCI I/O window
//           0x0020, 0x00a0, 0x04d0 ..., 0x0040 ..., 0x0061: PIC, ELCR, PIT, speaker; in the kernel
//           unless machine.irqchip says otherwise
#pragma once

#include <array>
#include <cstdint>

#include "vmm/base/bits.h"
#include "vmm/base/range.h"

namespace skiff::pc {

inline constexpr std::uint64_t kEbdaStart = 0x9'fc00;
inline constexpr Range kAcpiArea{0xe'0000, 0x2'0000};
inline constexpr std::uint64_t kHighMemoryStart = 1 * MiB;
inline constexpr std::uint64_t kLowRamEnd = 3 * GiB;
inline constexpr Range kPciMmio32{3 * GiB, 512 * MiB};
inline constexpr Range kPciEcam{0xe000'0000, 1 * MiB};
inline constexpr Range kVirtioMmio{0xe010'0000, 32 * 4 * KiB};
inline constexpr std::uint64_t kVirtioMmioStep = 4 * KiB;
inline constexpr Range kDebugRegister{0xe012'0000, 4};
inline constexpr std::uint64_t kIoapic = 0xfec0'0000;
inline constexpr std::uint64_t kLocalApic = 0xfee0'0000;
inline constexpr std::uint64_t kIdentityMapPage = 0xfffb'c000;
inline constexpr std::uint64_t kTssPages = 0xfffb'd000;
inline constexpr std::uint64_t kHighRamStart = 4 * GiB;
inline constexpr std::uint64_t kPciMmio64Size = 64 * GiB;

inline constexpr Range kI8042Data{0x60, 1};
inline constexpr Range kI8042Command{0x64, 1};
inline constexpr Range kPicMaster{0x20, 2};
inline constexpr Range kPicSlave{0xa0, 2};
inline constexpr Range kElcr{0x4d0, 2};
inline constexpr Range kPit{0x40, 4};
inline constexpr Range kPortB{0x61, 1};
inline constexpr Range kRtc{0x70, 2};
inline constexpr Range kPostCode{0x80, 1};
inline constexpr Range kDebugTextE9{0xe9, 1};
inline constexpr Range kDebugText402{0x402, 1};
inline constexpr Range kDebugExit{0xf4, 4};
inline constexpr Range kPvpanic{0x505, 1};
inline constexpr Range kPm1aEvent{0x600, 4};
inline constexpr Range kPm1aControl{0x604, 2};
inline constexpr std::uint16_t kResetControl = 0xcf9;
inline constexpr Range kPciIo{0x1000, 0xf000};

// Interrupt numbers (GSI = ISA IRQ below 16; the IOAPIC's pins, one to one).
inline constexpr std::uint32_t kRtcIrq = 8;
inline constexpr std::uint32_t kSciIrq = 9;
inline constexpr std::array<std::uint32_t, 8> kPciGsis = {16, 17, 18, 19, 20, 21, 22, 23};

}  // namespace skiff::pc

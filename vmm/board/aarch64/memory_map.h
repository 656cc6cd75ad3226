// The address map of the arm64 board.
//
//   0x0000_0000  +-----------------------------------------------+
//                | nothing: a null pointer finds nothing here    |
//   0x0800_0000  | GIC distributor              64 KiB           |
//   0x0801_0000  | GICv2 CPU interface          64 KiB (v2 only) |
//   0x0802_0000  | GICv2m frame                4 KiB (v2 only) |
//   0x0808_0000  | GICv3 ITS                   128 KiB (v3 only) |
//   0x0900_0000  | serial port n at + (n - 1) * 4 KiB, 4 of them  |
//   0x0901_0000  | PL031 clock                                   |
//   0x0902_0000  | PL061 GPIO; line 3 is the power button        |
//   0x0a00_0000  | virtio-mmio, 32 times 4 KiB                   |
//   0x0b00_0000  | PCI I/O ports               64 KiB            |
//   0x0c00_0000  | GICv3 redistributors, 128 KiB a vCPU, 512     |
//   0x1000_0000  | PCI memory, 32-bit, 752 MiB                   |
//   0x3f00_0000  | PCI configuration (ECAM), bus 0, 1 MiB        |
//   0x4000_0000  +-----------------------------------------------+
//                | RAM, in one piece                             |
//                +-----------------------------------------------+
//                | PCI memory, 64-bit: 64 GiB from the next GiB, |
//                | less where guest-physical addresses end       |
//                +-----------------------------------------------+
//
//   SPIs:  1-4 serial   5 PL031   6 PL061   8-15 PCI INTx   32-63 virtio-mmio
//         64-127 the GICv2m frame's (v2 only)
//   PPIs:  7 PMU   10, 11, 13, 14 timers
#pragma once

#include <cstdint>

#include "vmm/base/bits.h"
#include "vmm/base/range.h"

namespace skiff::virt {

inline constexpr Range kGicDistributor{0x0800'0000, 64 * KiB};
inline constexpr Range kGicCpuInterface{0x0801'0000, 64 * KiB};
inline constexpr Range kGicMessageFrame{0x0802'0000, 4 * KiB};
inline constexpr Range kGicIts{0x0808'0000, 128 * KiB};
inline constexpr std::uint64_t kSerial = 0x0900'0000;
inline constexpr Range kRtc{0x0901'0000, 4 * KiB};
inline constexpr Range kGpio{0x0902'0000, 4 * KiB};
inline constexpr Range kVirtioMmio{0x0a00'0000, 32 * 4 * KiB};
inline constexpr std::uint64_t kDeviceStep = 4 * KiB;
inline constexpr Range kPciPorts{0x0b00'0000, 64 * KiB};
// The ports of it that functions get: Linux hands out none below (PCIBIOS_MIN_IO).
inline constexpr Range kPciIo{0x1000, 0xf000};
inline constexpr Range kGicRedistributors{0x0c00'0000, 512 * 128 * KiB};
inline constexpr Range kPciMmio32{0x1000'0000, 752 * MiB};
inline constexpr Range kPciEcam{0x3f00'0000, 1 * MiB};
inline constexpr std::uint64_t kRamStart = 1 * GiB;
inline constexpr std::uint64_t kPciMmio64Size = 64 * GiB;

inline constexpr std::uint32_t kSpis = 128;
inline constexpr std::uint32_t kFirstSerialSpi = 1;
inline constexpr std::uint32_t kRtcSpi = 5;
inline constexpr std::uint32_t kGpioSpi = 6;
inline constexpr std::uint32_t kFirstPciSpi = 8;
inline constexpr std::uint32_t kPciSpis = 8;
inline constexpr std::uint32_t kFirstVirtioSpi = 32;
inline constexpr std::uint32_t kFirstMessageSpi = 64;
inline constexpr std::uint32_t kMessageSpis = 64;

inline constexpr unsigned kPowerButtonLine = 3;

}  // namespace skiff::virt

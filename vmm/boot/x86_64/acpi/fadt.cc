#include "vmm/boot/x86_64/acpi/fadt.h"

#include <algorithm>
#include <string_view>

#include "vmm/boot/x86_64/acpi/table.h"

namespace skiff::acpi {
namespace {

struct [[gnu::packed]] Fadt {
  TableHeader header;
  std::uint32_t firmware_ctrl = 0;
  std::uint32_t dsdt = 0;
  std::uint8_t reserved0 = 0;
  std::uint8_t preferred_pm_profile = 0;  // unspecified
  std::uint16_t sci_int = 0;
  std::uint32_t smi_cmd = 0;  // none: the machine is always in ACPI mode
  std::uint8_t acpi_enable = 0;
  std::uint8_t acpi_disable = 0;
  std::uint8_t s4bios_req = 0;
  std::uint8_t pstate_cnt = 0;
  std::uint32_t pm1a_evt_blk = 0;
  std::uint32_t pm1b_evt_blk = 0;
  std::uint32_t pm1a_cnt_blk = 0;
  std::uint32_t pm1b_cnt_blk = 0;
  std::uint32_t pm2_cnt_blk = 0;
  std::uint32_t pm_tmr_blk = 0;  // none: guests have better clocks
  std::uint32_t gpe0_blk = 0;
  std::uint32_t gpe1_blk = 0;
  std::uint8_t pm1_evt_len = 0;
  std::uint8_t pm1_cnt_len = 0;
  std::uint8_t pm2_cnt_len = 0;
  std::uint8_t pm_tmr_len = 0;
  std::uint8_t gpe0_blk_len = 0;
  std::uint8_t gpe1_blk_len = 0;
  std::uint8_t gpe1_base = 0;
  std::uint8_t cst_cnt = 0;
  std::uint16_t p_lvl2_lat = 0;
  std::uint16_t p_lvl3_lat = 0;
  std::uint16_t flush_size = 0;
  std::uint16_t flush_stride = 0;
  std::uint8_t duty_offset = 0;
  std::uint8_t duty_width = 0;
  std::uint8_t day_alrm = 0;
  std::uint8_t mon_alrm = 0;
  std::uint8_t century = 0;
  std::uint16_t iapc_boot_arch = 0;
  std::uint8_t reserved1 = 0;
  std::uint32_t flags = 0;
  GenericAddress reset_reg;
  std::uint8_t reset_value = 0;
  std::uint16_t arm_boot_arch = 0;
  std::uint8_t minor_version = 0;
  std::uint64_t x_firmware_ctrl = 0;
  std::uint64_t x_dsdt = 0;
  GenericAddress x_pm1a_evt_blk;
  GenericAddress x_pm1b_evt_blk;
  GenericAddress x_pm1a_cnt_blk;
  GenericAddress x_pm1b_cnt_blk;
  GenericAddress x_pm2_cnt_blk;
  GenericAddress x_pm_tmr_blk;
  GenericAddress x_gpe0_blk;
  GenericAddress x_gpe1_blk;
  GenericAddress sleep_control_reg;
  GenericAddress sleep_status_reg;
  std::array<char, 8> hypervisor_vendor_identity{};
};
static_assert(sizeof(Fadt) == 276);

constexpr std::uint8_t kFadtRevision = 6;
constexpr std::uint8_t kMinorVersion = 4;

constexpr std::uint8_t kPm1EventLength = 4;  // status and enable, two bytes each
constexpr std::uint8_t kPm1ControlLength = 2;
// Latencies above 100 and 1000 us say that there is no C2 and no C3 (table 5.9).
constexpr std::uint16_t kNoC2 = 101;
constexpr std::uint16_t kNoC3 = 1001;

// IAPC_BOOT_ARCH (5.2.9.3).
constexpr std::uint16_t kLegacyDevices = 1 << 0;
constexpr std::uint16_t kKeyboardController = 1 << 1;
constexpr std::uint16_t kVgaNotPresent = 1 << 2;
constexpr std::uint16_t kCmosRtcNotPresent = 1 << 5;

// Flags (table 5.10). PWR_BUTTON clear: the power button is a fixed feature.
constexpr std::uint32_t kWbinvd = 1 << 0;
constexpr std::uint32_t kProcC1 = 1 << 2;
constexpr std::uint32_t kNoFixedSleepButton = 1 << 5;
constexpr std::uint32_t kNoFixedRtcWake = 1 << 6;
constexpr std::uint32_t kResetRegisterSupported = 1 << 10;

GenericAddress port(std::uint16_t address, unsigned bytes, std::uint8_t access_size) {
  return {.space = 1,
          .bit_width = static_cast<std::uint8_t>(bytes * 8),
          .bit_offset = 0,
          .access_size = access_size,
          .address = address};
}

}  // namespace

std::string fadt(const AcpiPlatform& platform, std::uint32_t facs_address,
                 std::uint32_t dsdt_address) {
  Fadt table;
  table.header = table_header("FACP", kFadtRevision);
  table.minor_version = kMinorVersion;
  table.firmware_ctrl = facs_address;
  table.dsdt = dsdt_address;
  table.x_dsdt = dsdt_address;
  table.sci_int = static_cast<std::uint16_t>(platform.sci.number);
  // Both forms of each address, alike: guests complain if they differ.
  table.pm1a_evt_blk = platform.pm1_event_port;
  table.pm1a_cnt_blk = platform.pm1_control_port;
  table.pm1_evt_len = kPm1EventLength;
  table.pm1_cnt_len = kPm1ControlLength;
  table.x_pm1a_evt_blk = port(platform.pm1_event_port, kPm1EventLength, 2);
  table.x_pm1a_cnt_blk = port(platform.pm1_control_port, kPm1ControlLength, 2);
  table.p_lvl2_lat = kNoC2;
  table.p_lvl3_lat = kNoC3;
  table.century = platform.cmos_rtc ? platform.century_register : std::uint8_t{0};
  table.iapc_boot_arch = kLegacyDevices | kVgaNotPresent;
  if (platform.keyboard_controller) table.iapc_boot_arch |= kKeyboardController;
  if (!platform.cmos_rtc) table.iapc_boot_arch |= kCmosRtcNotPresent;
  table.flags = kWbinvd | kProcC1 | kNoFixedSleepButton | kNoFixedRtcWake | kResetRegisterSupported;
  table.reset_reg = port(platform.reset_port, 1, 1);
  table.reset_value = platform.reset_value;
  std::ranges::copy(std::string_view("SKIFF"), table.hypervisor_vendor_identity.begin());

  std::string bytes;
  append(bytes, table);
  seal(bytes);
  return bytes;
}

std::string facs() {
  constexpr std::uint32_t kLength = 64;
  constexpr std::size_t kVersionOffset = 32;
  std::string bytes = "FACS";
  append(bytes, kLength);
  bytes.resize(kLength, '\0');
  bytes[kVersionOffset] = 2;
  return bytes;
}

}  // namespace skiff::acpi

// What firmware does with PCI functions, where there was none.
#pragma once

// Gives the first functions of bus 0's slots addresses in the host bridge's window, and the number
// of their wire (host-generic-pci.yaml: ranges, interrupt-map). Where one of them has an address
// already, somebody did it: nothing is touched then.
void pci_set_up(void);

# What a VMM needs for itself, from /proc/PID/smaps: everything but the guest's RAM and KVM's run areas. The RAM is the largest
# writable mapping that is kept out of core dumps (VmFlags dd); without such, the largest writable one.
# Prints three numbers in KiB: own PSS, own RSS, resident guest RAM.
/^[0-9a-f]+-[0-9a-f]+ / {
  ++n
  writable[n] = substr($2, 2, 1) == "w"
  run_area[n] = /anon_inode:kvm-vcpu/
}
$1 == "Size:" { size[n] = $2 }
$1 == "Rss:" { rss[n] = $2 }
$1 == "Pss:" { pss[n] = $2 }
$1 == "VmFlags:" { undumped[n] = / dd( |$)/ }
END {
  for (i = 1; i <= n; ++i) {
    if (!writable[i] || run_area[i]) continue
    if (!ram || undumped[i] > undumped[ram] || undumped[i] == undumped[ram] && size[i] > size[ram]) ram = i
  }
  for (i = 1; i <= n; ++i) {
    if (i == ram || run_area[i]) continue
    own_pss += pss[i]
    own_rss += rss[i]
  }
  print own_pss + 0, own_rss + 0, rss[ram] + 0
}

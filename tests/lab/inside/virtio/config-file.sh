# config-file: configs/linux-arm64.toml as it is, with what its first lines make, where they make it.
[ "$(cat /tmp/vmm)" = skiff ] || exit 0
mkdir -p /tmp/tree/build
ln -sfn "/cache/kernel/$kernel-$deb_arch" /tmp/tree/build/kernel-arm64
ln -sf "/cache/initramfs/$kernel$initramfs_suffix.cpio.gz" /tmp/tree/build/initramfs-arm64.cpio.gz
cp -r /lab/configs /tmp/tree/
sed -e "s/@VCPUS@/$vcpus/g; s/@MEMORY_FLOOR@/$(memory_floor "$memory")/" /lab/consoles/config-file >/tmp/case/script
lab-expect --timeout 90 --log "/lab/results/$name.console" /tmp/case/script skiff run /tmp/tree/configs/linux-arm64.toml

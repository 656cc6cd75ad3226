// What smp has each started processor do: its APIC id into the list, then sleep.

    .text
    .code64
    .globl smp_entry
smp_entry:
    xor %eax, %eax
    cpuid
    cmp $0x0b, %eax
    jb 1f
    mov $0x0b, %eax             // extended topology: EDX is the x2APIC id, if the leaf is there (EBX not zero)
    xor %ecx, %ecx
    cpuid
    test %ebx, %ebx
    jnz 2f
1:  mov $1, %eax
    cpuid
    shr $24, %ebx
    mov %ebx, %edx
2:  mov $1, %eax
    lock xadd %eax, tickets(%rip)
    cmp $1024, %eax
    jae 3f
    mov $smp_ids, %ecx
    mov %rdx, (%rcx,%rax,8)
3:  lock incl smp_online(%rip)
4:  cli
    hlt
    jmp 4b

    .bss
    .balign 4
tickets:
    .skip 4
    .section .note.GNU-stack, "", @progbits

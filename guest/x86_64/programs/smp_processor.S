// What a started processor runs: real mode at 0x8000, then straight on to long mode with the first processor's tables, then
// its APIC id into the list, and sleep. Copied to 0x8000 by smp.c; absolute addresses above are reached by 32-bit operands.

    .section .rodata
    .code16
    .globl smp_trampoline
smp_trampoline:
    cli
    cld
    xor %ax, %ax
    mov %ax, %ds
    lgdtl pointer - smp_trampoline + 0x8000
    mov %cr0, %eax
    or $1, %eax                 // PE
    mov %eax, %cr0
    ljmpl $0x28, $(protected - smp_trampoline + 0x8000)
pointer:
    .word 0x3f
    .long gdt

    .code32
protected:
    mov $0x10, %eax
    mov %eax, %ds
    mov %cr4, %eax
    or $0x20, %eax              // PAE
    mov %eax, %cr4
    mov $page_map, %eax
    mov %eax, %cr3
    mov $0xc0000080, %ecx       // EFER
    rdmsr
    or $0x100, %eax             // LME
    wrmsr
    mov %cr0, %eax
    or $0x80000000, %eax        // PG
    mov %eax, %cr0
    ljmp $0x08, $smp_long
    .globl smp_trampoline_end
smp_trampoline_end:

    .text
    .code64
smp_long:
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
    mov %edx, (%rcx,%rax,4)
3:  lock incl smp_online(%rip)
4:  cli
    hlt
    jmp 4b

    .bss
    .balign 4
tickets:
    .skip 4
    .section .note.GNU-stack, "", @progbits

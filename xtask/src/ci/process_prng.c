/* Rust's standard library takes its random numbers from ProcessPrng of bcryptprimitives.dll, which Wine has from version
   9 on. For an older Wine this is a library with that function, made of the one that Windows XP had. */
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(BYTE *buffer, SIZE_T length)
{
    const SIZE_T most = 1 << 20; /* RtlGenRandom counts in 32 bits. */
    while (length > 0) {
        SIZE_T part = length < most ? length : most;
        if (!RtlGenRandom(buffer, (ULONG)part))
            return FALSE;
        buffer += part;
        length -= part;
    }
    return TRUE;
}

using System.Security.Cryptography;
using System.Text;
using System.Threading.RateLimiting;

namespace BubbleSync.Server.Safety;

/// <summary>The key that the API asks for. An address from which ten wrong keys came is locked out for five minutes.</summary>
internal sealed class AccessKey : IDisposable
{
    /// <summary>The fewest characters of a key.</summary>
    public const int Least = 16;

    /// <summary>How long an address is locked out.</summary>
    public static readonly TimeSpan LockOut = TimeSpan.FromMinutes(5);

    private const int MostAttempts = 10;

    private readonly byte[]? _hash;
    private readonly PartitionedRateLimiter<string> _attempts = PartitionedRateLimiter.Create<string, string>(
        address => RateLimitPartition.GetFixedWindowLimiter(
            address, _ => new FixedWindowRateLimiterOptions { PermitLimit = MostAttempts, Window = LockOut, QueueLimit = 0 }));

    /// <summary>Keeps only the hash of a key; null asks for none.</summary>
    public AccessKey(string? key) => _hash = key is null ? null : Hash(key);

    /// <summary>Whether a key is asked for.</summary>
    public bool IsRequired => _hash is not null;

    /// <summary>Checks a key that came from an address, in a time that does not depend on the key.</summary>
    public KeyCheck Check(string given, string address)
    {
        using var free = _attempts.AttemptAcquire(address, 0);
        if (!free.IsAcquired)
            return KeyCheck.LockedOut;

        if (_hash is not null && CryptographicOperations.FixedTimeEquals(_hash, Hash(given)))
            return KeyCheck.Right;

        using var counted = _attempts.AttemptAcquire(address);
        return KeyCheck.Wrong;
    }

    /// <inheritdoc/>
    public void Dispose() => _attempts.Dispose();

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}

/// <summary>What a check of a key came to.</summary>
internal enum KeyCheck
{
    /// <summary>The key is right.</summary>
    Right,

    /// <summary>The key is wrong.</summary>
    Wrong,

    /// <summary>Too many wrong keys came from the address.</summary>
    LockedOut,
}

using Npgsql;

namespace BubbleSync.Etl.Postgres;

/// <summary>Reads a connection string in either of its two spellings.</summary>
internal static class ConnectionKeywords
{
    /// <summary>Takes <c>Host=…;Username=…</c> or <c>postgresql://user:password@host:port/database?option=value</c>; never quotes it in an error, since it holds a password.</summary>
    public static NpgsqlConnectionStringBuilder Parse(string? text)
    {
        try
        {
            if (string.IsNullOrWhiteSpace(text))
                throw new ArgumentException("not set");

            var keywords = text.Contains("://", StringComparison.Ordinal) ? FromAddress(new Uri(text)) : new NpgsqlConnectionStringBuilder(text);
            return string.IsNullOrWhiteSpace(keywords.Host) ? throw new ArgumentException("no host") : keywords;
        }
        catch (Exception broken) when (broken is ArgumentException or FormatException or KeyNotFoundException)
        {
            // What is wrong with it is not quoted, nor kept as the inner exception: both would tell the password.
            throw new SyncException(new SyncError(
                "settings", null, null, "Postgres:ConnectionString", "settings",
                "Postgres:ConnectionString cannot be read. Expected: Host=…;Port=5432;Database=…;Username=…;Password=…, or postgresql://user:password@host:5432/database with / ? # @ : in user and password written as %2F %3F %23 %40 %3A"));
        }
    }

    private static NpgsqlConnectionStringBuilder FromAddress(Uri address)
    {
        if (address.Scheme is not ("postgres" or "postgresql"))
            throw new FormatException("another scheme");

        var user = address.UserInfo.Split(':', 2);
        var keywords = new NpgsqlConnectionStringBuilder { Host = address.Host, Database = Uri.UnescapeDataString(address.AbsolutePath.TrimStart('/')) };
        if (address.Port > 0)
            keywords.Port = address.Port;
        if (user[0].Length > 0)
            keywords.Username = Uri.UnescapeDataString(user[0]);
        if (user.Length == 2)
            keywords.Password = Uri.UnescapeDataString(user[1]);

        foreach (var option in address.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(o => o.Split('=', 2)))
            keywords[Keyword(option[0])] = Uri.UnescapeDataString(option.ElementAtOrDefault(1) ?? "");
        return keywords;
    }

    private static string Keyword(string option) => option switch
    {
        "sslmode" => "SSL Mode",
        "connect_timeout" => "Timeout",
        "application_name" => "Application Name",
        _ => option,
    };
}

namespace BubbleSync.Etl.Postgres.Addresses;

/// <summary>
/// The words of connection strings: libpq's (manual, "Parameter Key Words" and "Environment Variables") with Npgsql's keywords for them, and those of other
/// clients that hosters print. Keywords that only Npgsql has need no line here.
/// </summary>
internal static class ConnectionWords
{
    private const string OtherClient = "it is a word of another client";
    private static readonly string[] Off = ["false", "no", "off"];
    private const string NoSuchCheck = "the PostgreSQL driver of this program cannot make this check. Remove the word if the connection may go without it";
    private const string NoSuchSignIn = "the PostgreSQL driver of this program signs in with a password, a certificate or Kerberos only. Use one of these";

    /// <summary>Every word, the first of its names being the one that messages use.</summary>
    public static IReadOnlyList<ConnectionWord> All { get; } =
    [
        new("host", "Host", "PGHOST") { Aliases = ["Server"] },
        new("hostaddr", "Host", "PGHOSTADDR"),
        new("port", "Port", "PGPORT"),
        new("dbname", "Database", "PGDATABASE") { Aliases = ["DB"] },
        new("user", "Username", "PGUSER") { Aliases = ["User Id", "UID"] },
        new("password", "Password", "PGPASSWORD") { Aliases = ["PSW", "PWD"] },
        new("passfile", "Passfile", "PGPASSFILE") { IsFile = true },
        new("service", null, "PGSERVICE"),
        new("servicefile", null, "PGSERVICEFILE"),

        new("sslmode", "SSL Mode", "PGSSLMODE") { Translate = TlsMode, Expected = "disable, allow, prefer, require, verify-ca, verify-full" },
        new("ssl", "SSL Mode") { Translate = TlsMode, Expected = "true, false, or a value of sslmode" },
        new("sslnegotiation", "SSL Negotiation", "PGSSLNEGOTIATION") { Expected = "postgres, direct" },
        new("sslrootcert", "Root Certificate", "PGSSLROOTCERT") { IsFile = true },
        new("sslcert", "SSL Certificate", "PGSSLCERT") { IsFile = true },
        new("sslkey", "SSL Key", "PGSSLKEY") { IsFile = true },
        new("sslpassword", "SSL Password"),
        new("sslcrl", null, "PGSSLCRL") { Refusal = NoSuchCheck },
        new("sslcrldir", null, "PGSSLCRLDIR") { Refusal = NoSuchCheck },
        new("sslcertmode", null, "PGSSLCERTMODE") { Harmless = ["allow"], Refusal = NoSuchCheck },
        new("requirepeer", null, "PGREQUIREPEER") { Refusal = NoSuchCheck },
        // .NET offers what the system allows, which is TLS 1.2 and newer.
        new("ssl_min_protocol_version", null, "PGSSLMINPROTOCOLVERSION") { Harmless = ["TLSv1", "TLSv1.1", "TLSv1.2"], Refusal = NoSuchCheck },
        new("ssl_max_protocol_version", null, "PGSSLMAXPROTOCOLVERSION") { Harmless = ["TLSv1.3"], Refusal = NoSuchCheck },
        new("sslcompression", null, "PGSSLCOMPRESSION") { Harmless = ["0"], Note = "TLS connections are never compressed" },
        new("sslsni", null, "PGSSLSNI") { Harmless = ["1"], Note = "the host's name is always sent" },
        new("sslkeylogfile") { Note = "keys are never logged" },
        new("channel_binding", "Channel Binding", "PGCHANNELBINDING") { Expected = "disable, prefer, require" },
        new("require_auth", "Require Auth", "PGREQUIREAUTH")
        {
            Translate = SignIns, Expected = "password, md5, gss, sspi, scram-sha-256, none; several with commas between, or each with ! before",
        },
        new("gssencmode", "GSS Encryption Mode", "PGGSSENCMODE") { Expected = "disable, prefer, require" },
        new("krbsrvname", "Kerberos Service Name", "PGKRBSRVNAME"),
        new("gsslib", null, "PGGSSLIB") { Note = "the library of the system is used" },
        new("gssdelegation", null, "PGGSSDELEGATION") { Harmless = ["0"], Note = "credentials are never delegated" },
        new("scram_client_key") { Refusal = NoSuchSignIn },
        new("scram_server_key") { Refusal = NoSuchSignIn },
        new("oauth_issuer") { Refusal = NoSuchSignIn },
        new("oauth_client_id") { Refusal = NoSuchSignIn },
        new("oauth_client_secret") { Refusal = NoSuchSignIn },
        new("oauth_scope") { Refusal = NoSuchSignIn },

        new("connect_timeout", "Timeout", "PGCONNECT_TIMEOUT") { Expected = "seconds from 0 to 1024; 0 is no limit" },
        new("options", "Options", "PGOPTIONS"),
        new("target_session_attrs", "Target Session Attributes", "PGTARGETSESSIONATTRS")
        {
            Translate = Writable, Expected = "any, read-write, primary: the program writes, which a standby does not take",
        },
        new("load_balance_hosts", "Load Balance Hosts", "PGLOADBALANCEHOSTS") { Translate = Switch, Expected = "disable, random" },
        new("keepalives", "TCP Keepalive") { Translate = Switch, Expected = "0, 1" },
        new("keepalives_idle", "TCP Keepalive Time") { Expected = "seconds" },
        new("keepalives_interval", "TCP Keepalive Interval") { Expected = "seconds" },
        new("keepalives_count") { Note = "the system's number of keep-alives counts" },
        new("tcp_user_timeout") { Note = "keep-alives end a dead connection" },
        new("application_name", "Application Name", "PGAPPNAME") { Note = "sessions carry the name of the run" },
        new("fallback_application_name") { Note = "sessions carry the name of the run" },
        new("client_encoding", "Client Encoding", "PGCLIENTENCODING") { Harmless = ["UTF8", "UTF-8", "auto"], Note = "sessions always use UTF8" },
        new("timezone", "Timezone", "PGTZ") { Harmless = ["UTC"], Note = "sessions always use UTC" },
        new("min_protocol_version", null, "PGMINPROTOCOLVERSION") { Harmless = ["3.0"], Note = "the driver uses version 3.0" },
        new("max_protocol_version", null, "PGMAXPROTOCOLVERSION") { Harmless = ["3.0", "3.2", "latest"], Note = "the driver uses version 3.0" },
        new("replication") { Harmless = ["false", "off", "no", "0"], Refusal = "a session for replication takes no SQL. Remove the word" },

        // Prisma.
        new("schema") { Note = $"{OtherClient}. Set Postgres:Schema for the schema of the tables" },
        new("currentSchema") { Note = $"{OtherClient}. Set Postgres:Schema for the schema of the tables" },
        new("sslaccept") { Harmless = ["accept_invalid_certs"], Refusal = $"{OtherClient}. Write sslmode=verify-full to have the certificate checked" },
        .. Foreign("pgbouncer",
            "pool_timeout", "socket_timeout", "statement_cache_size", "sslidentity", "max_connection_lifetime", "max_idle_connection_lifetime"),
        // Hosters' integrations, node-postgres, Rails, Django, SQLAlchemy, pgx, JDBC.
        .. Foreign("supa", "workaround", "uselibpqcompat", "prepared_statements", "reaping_frequency", "checkout_timeout", "encoding", "conn_max_age"),
        .. Foreign("conn_health_checks", "ssl_require", "prepared_statement_cache_size", "pool_min_conns", "statement_cache_capacity"),
        .. Foreign("default_query_exec_mode", "prepareThreshold", "reWriteBatchedInserts", "loginTimeout", "stringtype"),
        // node-postgres, lib/pq, postgres.js.
        .. Foreign("connectionTimeoutMillis", "idleTimeoutMillis", "keepAliveInitialDelayMillis", "allowExitOnIdle", "maxUses", "maxLifetimeSeconds", "min"),
        .. Foreign("binary_parameters", "disable_prepared_binary_result", "idle_timeout", "max_lifetime", "prepare", "fetch_types", "backoff", "max_pipeline"),
        .. Of($"{OtherClient}. Set Postgres:MaxConnections for the number of sessions", "connection_limit", "pool", "pool_size", "pool_max_conns", "max"),
        .. Of($"{OtherClient}. Set Postgres:StatementTimeoutSeconds for the longest statement", "statement_timeout", "query_timeout"),
        .. Of($"{OtherClient}. Locks are waited for a minute", "lock_timeout"),
        .. Of($"{OtherClient}. Transactions of a run may wait for Bubble", "idle_in_transaction_session_timeout"),

        // Words of Npgsql for which the program sets its own values.
        new("Command Timeout") { Harmless = ["0"], Note = "set Postgres:StatementTimeoutSeconds for the longest statement" },
        new("Keepalive") { Note = "sessions without work send a keep-alive every 30 seconds" },
        new("Multiplexing") { Harmless = Off, Note = "each transaction has a session of its own" },
        new("Write Coalescing Buffer Threshold Bytes") { Note = "it belongs to Multiplexing, which is not used" },
        new("Max Auto Prepare") { Harmless = ["0"], Note = "statements are not prepared, which works behind every pooler" },
        new("Auto Prepare Min Usages") { Note = "it belongs to Max Auto Prepare, which is not used" },
        new("Include Error Detail") { Harmless = Off, Note = "details of errors have values of records, which messages do not show" },
        new("No Reset On Close") { Harmless = ["true", "yes", "on"], Note = "settings end with each transaction, so that nothing is to be reset" },
        new("Write Buffer Size") { Note = "the program sets its size" },
    ];

    /// <summary>Whether a value of sslmode says that no certificate is to be checked, even if there is a certificate to check it with.</summary>
    public static bool IsUnchecked(string value) => Plain(value) == "noverify";

    private static IEnumerable<ConnectionWord> Foreign(params string[] names) => Of(OtherClient, names);

    private static IEnumerable<ConnectionWord> Of(string note, params string[] names) => names.Select(name => new ConnectionWord(name) { Note = note });

    // With the values of Npgsql and, as "no-verify", of node-postgres.
    private static string? TlsMode(string value) => Plain(value) switch
    {
        "disable" or "false" or "0" => "Disable",
        "allow" => "Allow",
        "prefer" => "Prefer",
        "require" or "true" or "1" or "noverify" => "Require",
        "verifyca" => "VerifyCA",
        "verifyfull" => "VerifyFull",
        _ => null,
    };

    // libpq's names; Npgsql takes its own alone, and no other capitals.
    private static string? SignIns(string value)
    {
        var methods = value.Split(',', StringSplitOptions.TrimEntries).Select(method =>
        {
            var isNot = method.StartsWith('!');
            string? name = Plain(isNot ? method[1..] : method) switch
            {
                "password" => "Password",
                "md5" => "MD5",
                "gss" => "GSS",
                "sspi" => "SSPI",
                "scramsha256" => "ScramSHA256",
                "none" => "None",
                _ => null,
            };
            return name is null ? null : $"{(isNot ? "!" : "")}{name}";
        }).ToList();
        return methods.Contains(null) ? null : string.Join(',', methods);
    }

    private static string Plain(string value) => value.Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();

    private static string? Switch(string value) => value.ToLowerInvariant() switch
    {
        "1" or "true" or "random" => "true",
        "0" or "false" or "disable" => "false",
        _ => null,
    };

    private static string? Writable(string value) =>
        value.ToLowerInvariant() is var plain and ("any" or "read-write" or "primary" or "prefer-primary") ? plain : null;
}

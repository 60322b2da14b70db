using System.Globalization;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Settings.Reading;

/// <summary>Turns texts by name into checked settings; collects every fault with its origin.</summary>
internal sealed class SettingsReader
{
    private readonly SettingsSource _source;
    private readonly List<SyncError> _faults = [];
    private readonly List<string> _known = [];

    private SettingsReader(SettingsSource source) => _source = source;

    /// <summary>Reads all settings; folders are taken relative to <paramref name="folder"/>.</summary>
    public static SyncSettings Read(SettingsSource source, string folder)
    {
        var reader = new SettingsReader(source);
        var settings = new SyncSettings
        {
            Bubble = reader.Bubble(folder),
            Postgres = reader.Postgres(),
            Run = reader.Run(folder),
            Notify = reader.Notify(),
            Privacy = new PrivacySettings { HashKey = reader.Words("Privacy:HashKey") },
            Prices = reader.Prices(),
            Server = reader.Server(),
            Schedules = reader.Schedules(),
        };
        foreach (var fault in SettingsCheck.Faults(settings))
            reader.Add(fault);
        reader.RefuseUnknown();
        return reader._faults.Count == 0 ? settings : throw new SyncException(reader._faults);
    }

    private BubbleSettings Bubble(string folder)
    {
        var otherwise = new BubbleSettings();
        return new BubbleSettings
        {
            BaseUrl = Address("Bubble:BaseUrl"),
            ApiToken = Words("Bubble:ApiToken"),
            ApiTokenFile = Words("Bubble:ApiTokenFile") is { } file ? Path.GetFullPath(file.Trim(), folder) : null,
            Anonymous = Boolean("Bubble:Anonymous", otherwise.Anonymous),
            AllowHttp = Boolean("Bubble:AllowHttp", otherwise.AllowHttp),
            MaxConcurrency = Integer("Bubble:MaxConcurrency", otherwise.MaxConcurrency),
            RequestsPerMinute = Integer("Bubble:RequestsPerMinute", otherwise.RequestsPerMinute),
            TimeoutSeconds = Integer("Bubble:TimeoutSeconds", otherwise.TimeoutSeconds),
            MaxAttempts = Integer("Bubble:MaxAttempts", otherwise.MaxAttempts),
            PatienceSeconds = Integer("Bubble:PatienceSeconds", otherwise.PatienceSeconds),
            MaxBytesInFlight = Bytes("Bubble:MaxBytesInFlight", otherwise.MaxBytesInFlight),
            PageSize = Integer("Bubble:PageSize", otherwise.PageSize),
            WindowSize = Integer("Bubble:WindowSize", otherwise.WindowSize),
            OffsetCeiling = Integer("Bubble:OffsetCeiling", otherwise.OffsetCeiling),
        };
    }

    private PostgresSettings Postgres()
    {
        var otherwise = new PostgresSettings();
        return new PostgresSettings
        {
            // A blank value does not mean "none" here: if a variable for the address is empty by mistake, the data must not go to another database.
            ConnectionString = _source.IsBlank("Postgres:ConnectionString") ? "" : Words("Postgres:ConnectionString"),
            Schema = Words("Postgres:Schema") ?? otherwise.Schema,
            MaxConnections = Integer("Postgres:MaxConnections", otherwise.MaxConnections),
            StatementTimeoutSeconds = Integer("Postgres:StatementTimeoutSeconds", otherwise.StatementTimeoutSeconds),
        };
    }

    private RunSettings Run(string folder)
    {
        var otherwise = new RunSettings();
        return new RunSettings
        {
            Entities = Path.GetFullPath(Words("Run:Entities") ?? otherwise.Entities, folder),
            Patches = Path.GetFullPath(Words("Run:Patches") ?? otherwise.Patches, folder),
            Schema = Path.GetFullPath(Words("Run:Schema") ?? otherwise.Schema, folder),
            OverlapSeconds = Integer("Run:OverlapSeconds", otherwise.OverlapSeconds),
            KeepDays = Integer("Run:KeepDays", otherwise.KeepDays),
        };
    }

    private NotifySettings Notify() => new()
    {
        Url = Words("Notify:Url"),
        OnlyProblems = Boolean("Notify:OnlyProblems", new NotifySettings().OnlyProblems),
        PingUrl = Words("Notify:PingUrl"),
    };

    private ServerSettings Server() => new()
    {
        AccessKey = Words("Server:AccessKey"),
        Webhook = Words("Server:Webhook"),
        WebhookKey = Words("Server:WebhookKey"),
        FreshnessMinutes = Integer("Server:FreshnessMinutes", new ServerSettings().FreshnessMinutes),
    };

    private IReadOnlyList<ScheduleSettings> Schedules() =>
        Text(SchedulesReader.Name) is { } text ? SchedulesReader.Read(text, _source.Take(SchedulesReader.Name).Origin, _faults) : [];

    private PriceSettings Prices()
    {
        var otherwise = new PriceSettings();
        return new PriceSettings
        {
            Call = Price("Prices:Call", otherwise.Call),
            Search = Price("Prices:Search", otherwise.Search),
            Thing = Price("Prices:Thing", otherwise.Thing),
            Character = Price("Prices:Character", otherwise.Character),
            Byte = Price("Prices:Byte", otherwise.Byte),
            Currency = Words("Prices:Currency"),
            PerUnit = Price("Prices:PerUnit", otherwise.PerUnit),
        };
    }

    private void RefuseUnknown()
    {
        foreach (var (name, origin) in _source.Unread)
            _faults.Add(new SyncError(SyncStage.Settings, null, null, name, ErrorCode.Settings, $"{origin}: there is no setting "
                + $"'{name}'.{DidYouMean.Hint(name, _known)}"));
    }

    private Uri? Address(string name)
    {
        if (Words(name) is not { } text)
            return null;

        if (Uri.TryCreate(text.Trim(), UriKind.Absolute, out var address))
            return address;

        Fault(name, BubbleSettingsCheck.AddressFault(text.Trim()));
        return null;
    }

    private int Integer(string name, int otherwise)
    {
        if (Text(name) is not { } text)
            return otherwise;

        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            return number;

        Add(SettingRange.All[name].Fault);
        return otherwise;
    }

    private long Bytes(string name, long otherwise)
    {
        if (Text(name) is not { } text)
            return otherwise;

        if (ByteSize.TryParse(text, out var bytes))
            return bytes;

        Add(SettingRange.All[name].Fault);
        return otherwise;
    }

    private bool Boolean(string name, bool otherwise)
    {
        if (Text(name) is not { } text)
            return otherwise;

        if (bool.TryParse(text, out var value))
            return value;

        Fault(name, "true or false is expected.");
        return otherwise;
    }

    private decimal Price(string name, decimal otherwise)
    {
        if (Text(name) is not { } text)
            return otherwise;

        const NumberStyles styles = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        if (decimal.TryParse(text, styles, CultureInfo.InvariantCulture, out var number))
            return number;

        Add(SettingRange.All[name].Fault);
        return otherwise;
    }

    private string? Words(string name)
    {
        if (!_source.Take(name).IsWords)
            Fault(name, "a text in quotes is expected.");
        return Text(name);
    }

    private string? Text(string name)
    {
        _known.Add(name);
        return _source.Take(name).Text;
    }

    private void Fault(string name, string expected) => Add(new SettingFault(name, expected));

    private void Add(SettingFault fault) => _faults.Add(fault.ToError(_source.Take(fault.Setting).Origin));
}

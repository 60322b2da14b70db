using System.Globalization;
using System.Text;
using static System.FormattableString;

namespace BubbleSync.Etl.Config;

/// <summary>Turns texts by name into checked settings; collects every fault with its origin.</summary>
internal sealed class SettingsReader
{
    private const int MostOfAName = 63;

    private readonly SettingsSource _source;
    private readonly List<SyncError> _faults = [];
    private readonly List<string> _known = [];

    private SettingsReader(SettingsSource source) => _source = source;

    /// <summary>Reads all settings; folders are taken relative to <paramref name="folder"/>.</summary>
    public static SyncSettings Read(SettingsSource source, string folder)
    {
        var reader = new SettingsReader(source);
        var settings = new SyncSettings { Bubble = reader.Bubble(), Postgres = reader.Postgres(), Run = reader.Run(folder), Prices = reader.Prices() };
        reader.RefuseUnknown();
        return reader._faults.Count == 0 ? settings : throw new SyncException(reader._faults);
    }

    private BubbleSettings Bubble()
    {
        var otherwise = new BubbleSettings();
        var settings = new BubbleSettings
        {
            BaseUrl = Address("Bubble:BaseUrl"),
            ApiToken = Words("Bubble:ApiToken"),
            Anonymous = Boolean("Bubble:Anonymous", otherwise.Anonymous),
            AllowHttp = Boolean("Bubble:AllowHttp", otherwise.AllowHttp),
            MaxConcurrency = Integer("Bubble:MaxConcurrency", otherwise.MaxConcurrency, 1, 256),
            RequestsPerMinute = Integer("Bubble:RequestsPerMinute", otherwise.RequestsPerMinute, 1, int.MaxValue),
            TimeoutSeconds = Integer("Bubble:TimeoutSeconds", otherwise.TimeoutSeconds, 1, 3600),
            MaxAttempts = Integer("Bubble:MaxAttempts", otherwise.MaxAttempts, 1, 100),
            PatienceSeconds = Integer("Bubble:PatienceSeconds", otherwise.PatienceSeconds, 0, 86_400),
            PageSize = Integer("Bubble:PageSize", otherwise.PageSize, 1, 100),
            WindowSize = Integer("Bubble:WindowSize", otherwise.WindowSize, 1, 1_000_000),
            OffsetCeiling = Integer("Bubble:OffsetCeiling", otherwise.OffsetCeiling, 1, int.MaxValue),
        };
        foreach (var (setting, fault) in BubbleSettingsCheck.Faults(settings))
            Fault(setting, fault);
        if (settings.WindowSize > settings.OffsetCeiling)
            Fault("Bubble:WindowSize", Invariant($"{settings.WindowSize} is more than Bubble:OffsetCeiling, {settings.OffsetCeiling}: ")
                + "Bubble answers no row beyond that offset.");
        return settings;
    }

    private PostgresSettings Postgres() => new()
    {
        ConnectionString = Words("Postgres:ConnectionString"),
        Schema = Name("Postgres:Schema", new PostgresSettings().Schema),
    };

    private RunSettings Run(string folder)
    {
        var otherwise = new RunSettings();
        return new RunSettings
        {
            Entities = Path.GetFullPath(Words("Run:Entities") ?? otherwise.Entities, folder),
            Patches = Path.GetFullPath(Words("Run:Patches") ?? otherwise.Patches, folder),
            Schema = Path.GetFullPath(Words("Run:Schema") ?? otherwise.Schema, folder),
            OverlapSeconds = Integer("Run:OverlapSeconds", otherwise.OverlapSeconds, 0, 604_800),
            KeepDays = Integer("Run:KeepDays", otherwise.KeepDays, 0, 36_500),
        };
    }

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
        };
    }

    private void RefuseUnknown()
    {
        foreach (var (name, origin) in _source.Unread)
            _faults.Add(new SyncError("settings", null, null, name, "settings", $"{origin}: there is no setting '{name}'.{DidYouMean.Hint(name, _known)}"));
    }

    private Uri? Address(string name)
    {
        if (Words(name) is not { } text)
            return null;

        if (Uri.TryCreate(text.Trim().TrimEnd('/'), UriKind.Absolute, out var address))
            return address.Query.Length + address.Fragment.Length > 0 ? address : new Uri($"{address.AbsoluteUri.TrimEnd('/')}/");

        Fault(name, "an http(s) address up to and including /api/1.1 is expected, such as https://app.example.com/version-test/api/1.1.");
        return null;
    }

    // PostgreSQL would cut a longer name without a word, and then not find it (manual, "Identifiers and Key Words").
    private string Name(string name, string otherwise)
    {
        if (Words(name) is not { } text)
            return otherwise;

        if (Encoding.UTF8.GetByteCount(text) > MostOfAName)
            Fault(name, $"a name of at most {MostOfAName} bytes is expected; PostgreSQL keeps no more of it.");
        else if (text is "bubblesync" or "bubblesync_staging")
            Fault(name, "control tables and what is staged live in this schema; name another one.");
        else if (text is "information_schema" || text.StartsWith("pg_", StringComparison.Ordinal))
            Fault(name, "this schema is PostgreSQL's own; name another one.");
        return text;
    }

    private int Integer(string name, int otherwise, int least, int most)
    {
        if (Text(name) is not { } text)
            return otherwise;

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
            return number;

        Fault(name, Invariant($"a whole number from {least} to {most} is expected."));
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

        if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number) && number <= 1_000_000)
            return number;

        Fault(name, "a number from 0 to 1000000 is expected, with a point where it has decimals.");
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

    private void Fault(string name, string message) =>
        _faults.Add(new SyncError("settings", null, null, name, "settings", $"{name} (from {_source.Take(name).Origin}): {message}"));
}

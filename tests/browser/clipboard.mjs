// What other programs put on the clipboard: our own words in their markup, and the blocks that must come of them.

const p = (...text) => ({ block: "paragraph", text });
const t = (words, look = {}) => ({ t: words, ...look });
const strong = { strong: true };
const em = { em: true };
const to = (href, look = {}) => ({ href, ...look });

export const SAMPLES = [
  {
    name: "Word",
    html: `<html xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:w="urn:schemas-microsoft-com:office:word" xmlns="http://www.w3.org/TR/REC-html40">
<head><meta http-equiv=Content-Type content="text/html; charset=utf-8"><meta name=ProgId content=Word.Document><title>Never a word</title>
<!--[if gte mso 9]><xml><o:OfficeDocumentSettings><o:AllowPNG/></o:OfficeDocumentSettings></xml><![endif]-->
<style><!-- p.MsoNormal { mso-style-unhide:no; margin:0in; font-family:"Calibri",sans-serif; } --></style></head>
<body lang=EN-US link="#0563C1" style='tab-interval:.5in'><!--StartFragment-->
<h1><span style='mso-fareast-font-family:"Times New Roman"'>The gauge<o:p></o:p></span></h1>
<p class=MsoNormal><b><span style='font-size:12.0pt'>The Harrow</span></b> rose <i style='mso-bidi-font-style:normal'>twice</i>, said
“June”&nbsp;— see <a href="https://example.org/gauge?utm_source=desk&amp;b=1"><span style='color:#0563C1'>the map</span></a>.<o:p></o:p></p>
<p class=MsoNormal><o:p>&nbsp;</o:p></p>
<p class=MsoListParagraphCxSpFirst style='text-indent:-.25in;mso-list:l0 level1 lfo1'><![if !supportLists]><span style='font-family:Symbol'><span style='mso-list:Ignore'>·<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp;&nbsp; </span></span></span><![endif]>Sandbags<o:p></o:p></p>
<p class=MsoListParagraphCxSpLast style='text-indent:-.25in;mso-list:l0 level1 lfo1'><![if !supportLists]><span style='mso-list:Ignore'>·<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp;&nbsp; </span></span><![endif]>Water<o:p></o:p></p>
<p class=MsoListParagraph style='mso-list:l1 level1 lfo2'><![if !supportLists]><span style='mso-list:Ignore'>1.<span>&nbsp;&nbsp; </span></span><![endif]>Call</p>
<table class=MsoTableGrid border=1 style='border-collapse:collapse;mso-yfti-tbllook:1184'><tr style='mso-yfti-irow:0'><td width=200><p class=MsoNormal>Hour<o:p></o:p></p></td><td><p class=MsoNormal>Feet<o:p></o:p></p></td></tr>
<tr><td><p class=MsoNormal>6 AM<o:p></o:p></p></td><td><p class=MsoNormal>14.2<o:p></o:p></p></td></tr></table>
<p class=MsoNormal><span style='mso-hide:all;display:none'>hidden</span>End.</p>
<!--EndFragment--></body></html>`,
    blocks: [
      { block: "heading", level: 2, text: [t("The gauge")] },
      p(t("The Harrow", strong), t(" rose "), t("twice", em), t(", said “June”\u00a0— see "), t("the map", to("https://example.org/gauge?utm_source=desk&b=1")), t(".")),
      { block: "list", is_ordered: false, items: [[t("Sandbags")], [t("Water")]] },
      { block: "list", is_ordered: true, items: [[t("Call")]] },
      { block: "table", head: false, rows: [[[t("Hour")], [t("Feet")]], [[t("6 AM")], [t("14.2")]]] },
      p(t("End.")),
    ],
  },
  {
    name: "Google Docs",
    html: `<meta charset='utf-8'><meta charset="utf-8"><b style="font-weight:normal;" id="docs-internal-guid-8a1c2f3e-7fff-1b2c"><h2 dir="ltr" style="line-height:1.38;margin-top:18pt;"><span style="font-size:16pt;font-family:Arial,sans-serif;color:#000000;font-weight:400;white-space:pre-wrap;">The gauge</span></h2><p dir="ltr" style="line-height:1.38;"><span style="font-size:11pt;font-weight:700;font-style:normal;white-space:pre-wrap;">The Harrow</span><span style="font-size:11pt;font-weight:400;font-style:normal;white-space:pre-wrap;"> rose </span><span style="font-weight:400;font-style:italic;white-space:pre-wrap;">twice</span><span style="font-weight:400;white-space:pre-wrap;">, said “June”. </span><a href="https://example.org/gauge?utm_source=docs" style="text-decoration:none;"><span style="color:#1155cc;font-weight:400;text-decoration:underline;white-space:pre-wrap;">The map</span></a></p><br><ul style="margin-top:0;"><li dir="ltr" style="list-style-type:disc;" aria-level="1"><p dir="ltr" role="presentation"><span style="font-weight:400;white-space:pre-wrap;">Sandbags</span></p></li><ul><li dir="ltr" aria-level="2"><p dir="ltr" role="presentation"><span style="font-weight:400;">from the depot</span></p></li></ul><li dir="ltr"><p dir="ltr"><span style="font-weight:400;">Water</span></p></li></ul><div dir="ltr" align="left"><table style="border:none;border-collapse:collapse;"><colgroup><col width="312"/><col width="312"/></colgroup><tbody><tr style="height:0pt"><td style="border-left:solid #000000 1pt;"><p dir="ltr"><span>Hour</span></p></td><td><p dir="ltr"><span>Feet</span></p></td></tr><tr><td><p dir="ltr"><span>6 AM</span></p></td><td><br></td></tr></tbody></table></div><p dir="ltr"><span style="font-weight:400;">Two<br class="kix-line-break">lines</span></p></b><br class="Apple-interchange-newline">`,
    blocks: [
      { block: "heading", level: 2, text: [t("The gauge")] },
      p(t("The Harrow", strong), t(" rose "), t("twice", em), t(", said “June”. "), t("The map", to("https://example.org/gauge?utm_source=docs"))),
      { block: "list", is_ordered: false, items: [[t("Sandbags")], [t("from the depot")], [t("Water")]] },
      { block: "table", head: false, rows: [[[t("Hour")], [t("Feet")]], [[t("6 AM")], []]] },
      p(t("Two\nlines")),
    ],
  },
  {
    name: "Outlook",
    html: `<html><head><style>p.MsoNormal{margin:0}</style></head><body lang="EN-US"><div class="WordSection1"><p class="MsoNormal">Hello June,<o:p></o:p></p><p class="MsoNormal"><o:p>&nbsp;</o:p></p><p class="MsoNormal">The <b>north</b> bridge is shut.<o:p></o:p></p>
<div style="border:none;border-left:solid blue 1.5pt;padding:0in 0in 0in 4.0pt"><div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in"><p class="MsoNormal"><b>From:</b> Del Aguirre &lt;del@harrow.example&gt;<br><b>Sent:</b> Monday<o:p></o:p></p></div></div><p class="MsoNormal">Is the bridge open?<o:p></o:p></p></div></div></body></html>`,
    blocks: [
      p(t("Hello June,")),
      p(t("The "), t("north", strong), t(" bridge is shut.")),
      { block: "quote", text: [[t("From:", strong), t(" Del Aguirre <del@harrow.example>\n"), t("Sent:", strong), t(" Monday")], [t("Is the bridge open?")]], attribution: "" },
    ],
  },
  {
    name: "Apple Mail",
    html: `<html><head></head><body style="overflow-wrap: break-word; -webkit-nbsp-mode: space; line-break: after-white-space;"><div>Hello&nbsp;June,</div><div><br></div><div>The bridge is <span style="font-weight: 600;">shut</span>.<span class="Apple-converted-space">&nbsp;</span></div><div><br><blockquote type="cite"><div>On Nov 24, 2026, Del wrote:</div><br class="Apple-interchange-newline"><div><div>Is it open?</div></div></blockquote></div><br></body></html>`,
    blocks: [
      p(t("Hello\u00a0June,")),
      p(t("The bridge is "), t("shut", strong), t(".")),
      { block: "quote", text: [[t("On Nov 24, 2026, Del wrote:")], [t("Is it open?")]], attribution: "" },
    ],
  },
  {
    name: "Gmail",
    html: `<div dir="ltr">Hello<div><br></div><div>Read <a href="https://example.org/a?fbclid=x" target="_blank" rel="noopener">this</a></div><br><div class="gmail_quote"><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204)">Is it open?<br></blockquote></div></div>`,
    blocks: [p(t("Hello")), p(t("Read "), t("this", to("https://example.org/a?fbclid=x"))), { block: "quote", text: [[t("Is it open?")]], attribution: "" }],
  },
  {
    name: "a letter made of tables",
    html: `<table role="presentation" width="100%"><tr><td><table><tr><td><h3>Flood bulletin</h3></td></tr><tr><td><p>Stay in.</p><div style="display:none;max-height:0">preheader</div></td></tr></table></td></tr></table>`,
    blocks: [{ block: "heading", level: 3, text: [t("Flood bulletin")] }, p(t("Stay in."))],
  },
  {
    name: "a web page",
    html: `<article><h1>The gauge</h1><p>It rose.<br>\n Twice.<br><br>Then it fell.</p><figure><img src="https://example.org/track.gif" alt=""><figcaption>The river on Monday</figcaption></figure><blockquote><p>“It came at night.”</p><footer>— June Okafor</footer></blockquote><hr><table><thead><tr><th>Hour</th><th>Feet</th></tr></thead><tbody><tr><td colspan="2">none</td></tr></tbody></table><ol><li>One<li>Two</ol><pre>a  b\nc</pre><nav aria-hidden="true">skip</nav><iframe src="https://www.youtube.com/embed/x"></iframe></article>`,
    blocks: [
      { block: "heading", level: 2, text: [t("The gauge")] },
      p(t("It rose.\nTwice.")),
      p(t("Then it fell.")),
      p(t("The river on Monday")),
      { block: "quote", text: [[t("“It came at night.”")]], attribution: "June Okafor" },
      { block: "divider" },
      { block: "table", head: true, rows: [[[t("Hour")], [t("Feet")]], [[t("none")], []]] },
      { block: "list", is_ordered: true, items: [[t("One")], [t("Two")]] },
      p(t("a b\nc")),
      { block: "embed", title: "On YouTube", href: "https://www.youtube.com/embed/x", provider: "YouTube" },
    ],
  },
  {
    name: "somebody hostile",
    html: `<p onclick="hit()">Words <a href="javascript:hit()">here</a> <a href="//evil.example">there</a> <a href="https://bank.example@evil.example">and</a><script>hit()</script><style>*{display:none}</style><img src=x onerror="hit()"><svg><script>hit()</script><a xlink:href="javascript:hit()"><text>svg</text></a></svg><iframe srcdoc="<script>hit()</script>"></iframe><object data="x"></object><template><b>t</b></template><form action="https://evil.example"><input name="x" value="v"><button>b</button></form>&lt;script&gt;hit()&lt;/script&gt;</p><math><mi>x</mi></math><noscript><p>no</p></noscript>`,
    blocks: [p(t("Words here there and")), p(t("<script>hit()</script>"))],
  },
  {
    name: "plain lines",
    plain: "One line\r\nAnother\r\n",
    blocks: [p(t("One line")), p(t("Another"))],
  },
  {
    name: "plain paragraphs",
    plain: "One\nline\n\nAnother <b>bold</b>",
    blocks: [p(t("One\nline")), p(t("Another <b>bold</b>"))],
  },
];

"""cs_exporter: watches every host of a private cloud and pages with the cause before the cloud gives a host up."""
